// SPDX-License-Identifier: Apache-2.0
#include "config/text.hpp"

#include "config/units.hpp"
#include "outbox/utf8.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>

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

bool has_only_letters_digits_and(std::string_view others, std::string_view text) {
  return std::ranges::all_of(lower(text), [others](char c) {
    return (c >= 'a' && c <= 'z') || is_digit(c) || others.find(c) != std::string_view::npos;
  });
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
  return !word.empty() && std::ranges::count(split(words, ' '), word) > 0;
}

std::string_view meaning_of(std::string_view word, std::string_view pairs) {
  for (const std::string_view pair : split(pairs, ' ')) {
    if (pair.starts_with(word) && pair.substr(word.size()).starts_with('=')) return pair.substr(word.size() + 1);
  }
  return {};
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

bool percent_decode(std::string_view text, std::string& decoded, LonePercent lone) {
  decoded.clear();
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escape =
        text[i] == '%' && text.size() - i >= 3 && hex_digit(text[i + 1]) >= 0 && hex_digit(text[i + 2]) >= 0;
    if (!escape) {
      if (text[i] == '%' && lone == LonePercent::refused) return false;
      decoded += text[i];
      continue;
    }
    decoded += static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
    if (decoded.back() == '\0') return false;
    i += 2;
  }
  return true;
}

std::optional<Address> read_address(std::string_view text) {
  const bool in_brackets = text.starts_with('[');
  const auto end = text.find(in_brackets ? ']' : ':');
  if (!in_brackets) return Address{text.substr(0, end), text.substr(std::min(end, text.size()))};
  if (end == std::string_view::npos) return std::nullopt;
  return Address{text.substr(1, end - 1), text.substr(end + 1), true};
}

bool is_port(std::string_view text) {
  constexpr std::int64_t kMaxPort = 65'535;
  const auto port = parse_integer(text).value;
  return port && *port >= 1 && *port <= kMaxPort;
}

}  // namespace outboxd::config
