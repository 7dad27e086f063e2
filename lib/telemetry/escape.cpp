// SPDX-License-Identifier: Apache-2.0
#include "telemetry/escape.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>

namespace outboxd::telemetry {

namespace {

/// One character of a text: its code point, or none where the bytes are not UTF-8 (then it is a single byte).
struct Character {
  char32_t code = 0;
  std::size_t bytes = 1;
  bool valid = false;
};

std::uint8_t byte_at(std::string_view text, std::size_t at) {
  return static_cast<std::uint8_t>(text[at]);
}

/// How many bytes a sequence has that starts with `lead`, and the smallest code point that needs as many.
struct Lead {
  std::size_t bytes;
  std::uint8_t mask;
  char32_t smallest;
};

Lead lead_of(std::uint8_t lead) {
  if (lead < 0x80) return {1, 0x7f, 0};
  if ((lead & 0xe0U) == 0xc0) return {2, 0x1f, 0x80};
  if ((lead & 0xf0U) == 0xe0) return {3, 0x0f, 0x800};
  if ((lead & 0xf8U) == 0xf0) return {4, 0x07, 0x10000};
  return {0, 0, 0};
}

/// The first character of a text that is not empty. Overlong forms, surrogates and code points past U+10FFFF are not
/// UTF-8.
Character first_character(std::string_view text) {
  const Lead lead = lead_of(byte_at(text, 0));
  if (lead.bytes == 0 || lead.bytes > text.size()) return {};
  char32_t code = byte_at(text, 0) & lead.mask;
  for (std::size_t i = 1; i < lead.bytes; ++i) {
    const std::uint8_t next = byte_at(text, i);
    if ((next & 0xc0U) != 0x80) return {};
    code = (code << 6U) | (next & 0x3fU);
  }
  const bool surrogate = code >= 0xd800 && code <= 0xdfff;
  if (code < lead.smallest || code > 0x10ffff || surrogate) return {};
  return {code, lead.bytes, true};
}

bool is_control(char32_t code) {
  return code < 0x20 || (code >= 0x7f && code < 0xa0);
}

/// Characters that end a line or turn the reading direction: with them a text can pretend to be another line.
bool is_deceptive(char32_t code) {
  return code == 0x2028 || code == 0x2029 || (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

void append_code(std::string& to, const char* format, unsigned value) {
  std::array<char, 16> buffer{};
  const int length = std::snprintf(buffer.data(), buffer.size(), format, value);
  to.append(buffer.data(), static_cast<std::size_t>(length));
}

/// The two-character escape that JSON and people share, or 0.
char short_escape(char32_t code) {
  switch (code) {
    case '\n':
      return 'n';
    case '\r':
      return 'r';
    case '\t':
      return 't';
    default:
      return 0;
  }
}

}  // namespace

void append_printable(std::string& to, std::string_view text) {
  while (!text.empty()) {
    const Character next = first_character(text);
    if (!next.valid) {
      append_code(to, "\\x%02x", byte_at(text, 0));
    } else if (const char escape = short_escape(next.code)) {
      to.append({'\\', escape});
    } else if (is_control(next.code)) {
      append_code(to, "\\x%02x", next.code);
    } else if (is_deceptive(next.code)) {
      append_code(to, "\\u%04x", next.code);
    } else {
      to.append(text.substr(0, next.bytes));
    }
    text.remove_prefix(next.bytes);
  }
}

void append_json(std::string& to, std::string_view text) {
  while (!text.empty()) {
    const Character next = first_character(text);
    if (!next.valid) {
      to.append("\xef\xbf\xbd");
    } else if (next.code == '"' || next.code == '\\') {
      to.append({'\\', static_cast<char>(next.code)});
    } else if (const char escape = short_escape(next.code)) {
      to.append({'\\', escape});
    } else if (is_control(next.code) || is_deceptive(next.code)) {
      append_code(to, "\\u%04x", next.code);
    } else {
      to.append(text.substr(0, next.bytes));
    }
    text.remove_prefix(next.bytes);
  }
}

}  // namespace outboxd::telemetry
