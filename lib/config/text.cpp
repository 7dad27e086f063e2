// SPDX-License-Identifier: Apache-2.0
#include "config/text.hpp"

#include "outbox/utf8.hpp"

#include <algorithm>
#include <cstddef>

namespace outboxd::config {
namespace {

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == '\x7F';
}

}  // namespace

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  return result;
}

std::string upper(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  return result;
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n\v\f";
  const auto first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

int hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const auto end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

bool is_one_of(std::string_view words, std::string_view word) {
  const auto known = split(words, ' ');
  return !word.empty() && std::find(known.begin(), known.end(), word) != known.end();
}

std::string listed(const std::vector<std::string_view>& words) {
  std::string list;
  for (const std::string_view word : words) list.append(list.empty() ? "" : ", ").append(word);
  return list;
}

bool is_utf8(std::string_view text) {
  return utf8::is_valid(text);
}

std::string in_quotes(std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string result = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      result.append({'\\', c});
    } else if (is_control(c)) {
      result.append("\\u00").append({kHex[byte >> 4U], kHex[byte & 0xFU]});
    } else {
      result += c;
    }
  }
  return result + '"';
}

std::string without_control_characters(std::string_view text) {
  std::string result(text);
  std::replace_if(result.begin(), result.end(), is_control, '?');
  return result;
}

std::string echoed(std::string_view text) {
  constexpr std::size_t kLongestEcho = 80;
  // A connection URL that was put into another setting by mistake must not be repeated.
  if (text.find("://") != std::string_view::npos || text.find('@') != std::string_view::npos) return "***";
  if (!is_utf8(text)) return "(not UTF-8)";
  if (text.size() <= kLongestEcho) return in_quotes(text);
  return in_quotes(std::string(utf8::beginning(text, kLongestEcho)) + "…");
}

std::string quote_in_front(std::string_view text) {
  text = trim(text);
  if (!text.starts_with('"') && !text.starts_with('\'')) return "";
  return "begins with a quote, which some env files hand over with the value: take the quotes around it out";
}

}  // namespace outboxd::config
