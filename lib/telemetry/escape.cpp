// SPDX-License-Identifier: Apache-2.0
#include "telemetry/escape.hpp"

#include "outbox/utf8.hpp"

#include <array>
#include <cstddef>
#include <cstdio>

namespace outboxd::telemetry {

namespace {

void append_code(std::string& to, const char* format, unsigned value) {
  std::array<char, 16> buffer{};
  const int length = std::snprintf(buffer.data(), buffer.size(), format, value);
  to.append(buffer.data(), static_cast<std::size_t>(length));
}

/// The two-character escape that is valid in JSON and readable, or 0.
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
    const utf8::Character next = utf8::first_character(text);
    if (!next.valid) {
      append_code(to, "\\x%02x", static_cast<unsigned>(static_cast<unsigned char>(text[0])));
    } else if (const char escape = short_escape(next.code)) {
      to.append({'\\', escape});
    } else if (utf8::is_control(next.code)) {
      append_code(to, "\\x%02x", next.code);
    } else if (utf8::is_deceptive(next.code)) {
      append_code(to, "\\u%04x", next.code);
    } else {
      to.append(text.substr(0, next.bytes));
    }
    text.remove_prefix(next.bytes);
  }
}

void append_json(std::string& to, std::string_view text) {
  while (!text.empty()) {
    const utf8::Character next = utf8::first_character(text);
    if (!next.valid) {
      to.append("\xef\xbf\xbd");
    } else if (next.code == '"' || next.code == '\\') {
      to.append({'\\', static_cast<char>(next.code)});
    } else if (const char escape = short_escape(next.code)) {
      to.append({'\\', escape});
    } else if (utf8::is_control(next.code) || utf8::is_deceptive(next.code)) {
      append_code(to, "\\u%04x", next.code);
    } else {
      to.append(text.substr(0, next.bytes));
    }
    text.remove_prefix(next.bytes);
  }
}

std::string json_text(std::string_view text) {
  std::string json = "\"";
  append_json(json, text);
  return json + "\"";
}

std::string json_or_null(std::string_view text) {
  return text.empty() ? "null" : json_text(text);
}

}  // namespace outboxd::telemetry
