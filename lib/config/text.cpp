// SPDX-License-Identifier: Apache-2.0
#include "config/text.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace outboxd::config {
namespace {

constexpr std::size_t kLongestEcho = 80;

/// Length of the UTF-8 sequence at the start of `text`, or 0 if there is none.
std::size_t utf8_sequence(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t first = byte(0);
  if (first < 0x80) return 1;
  if (first < 0xC2 || first > 0xF4) return 0;
  const std::size_t length = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  if (text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  if (first == 0xE0 && byte(1) < 0xA0) return 0;
  if (first == 0xED && byte(1) > 0x9F) return 0;
  if (first == 0xF0 && byte(1) < 0x90) return 0;
  if (first == 0xF4 && byte(1) > 0x8F) return 0;
  return length;
}

std::string mapped(std::string_view text, char from, char to, int step) {
  std::string result(text);
  for (char& c : result) {
    if (c >= from && c <= to) c = static_cast<char>(c + step);
  }
  return result;
}

}  // namespace

std::string lower(std::string_view text) {
  return mapped(text, 'A', 'Z', 'a' - 'A');
}
std::string upper(std::string_view text) {
  return mapped(text, 'a', 'z', 'A' - 'a');
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

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const auto end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = utf8_sequence(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

std::string in_quotes(std::string_view text) {
  constexpr std::array kHex = {'0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'};
  std::string result = "\"";
  for (const char c : text) {
    const auto byte = static_cast<std::uint8_t>(c);
    if (c == '"' || c == '\\') {
      result += '\\';
      result += c;
    } else if (byte < 0x20 || byte == 0x7F) {
      result += "\\u00";
      result += kHex.at(byte >> 4U);
      result += kHex.at(byte & 0xFU);
    } else {
      result += c;
    }
  }
  return result + '"';
}

std::string without_control_characters(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (static_cast<std::uint8_t>(c) < 0x20 || c == '\x7F') c = '?';
  }
  return result;
}

std::string echoed(std::string_view text) {
  // A connection URL that strayed into another setting must not be repeated.
  if (text.find("://") != std::string_view::npos || text.find('@') != std::string_view::npos) return "***";
  if (!is_utf8(text)) return "(not UTF-8)";
  if (text.size() <= kLongestEcho) return in_quotes(text);
  std::size_t end = kLongestEcho;
  while (end > 0 && (static_cast<std::uint8_t>(text[end]) & 0xC0U) == 0x80U) --end;
  return in_quotes(std::string(text.substr(0, end)) + "…");
}

std::string quote_in_front(std::string_view text) {
  text = trim(text);
  if (text.empty() || (text.front() != '"' && text.front() != '\'')) return "";
  return "begins with a quote, which some env files hand over with the value: take the quotes around it out";
}

int hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

namespace {

enum class LonePercent { itself, refused };

bool decode(std::string_view text, LonePercent lone, std::string& decoded) {
  decoded.clear();
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escape =
        text[i] == '%' && text.size() - i >= 3 && hex_digit(text[i + 1]) >= 0 && hex_digit(text[i + 2]) >= 0;
    if (!escape) {
      if (text[i] == '%' && lone == LonePercent::refused) return false;
      decoded += text[i];
      continue;
    }
    const char c = static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
    if (c == '\0') return false;
    decoded += c;
    i += 2;
  }
  return true;
}

}  // namespace

bool percent_decode(std::string_view text, std::string& decoded) {
  return decode(text, LonePercent::refused, decoded);
}

bool percent_decode_leniently(std::string_view text, std::string& decoded) {
  return decode(text, LonePercent::itself, decoded);
}

}  // namespace outboxd::config
