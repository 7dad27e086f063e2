// SPDX-License-Identifier: Apache-2.0
#include "daemon/reference/quoting.hpp"

#include "outbox/utf8.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdio>

namespace outboxd::daemon::reference {
namespace {

/// The characters that roff would take for something else, or show as a typographic one.
std::string_view roff_escape(char32_t code) {
  switch (code) {
    case '\\':
      return "\\(rs";
    case '-':
      return "\\-";
    case '"':
      return "\\(dq";
    case '\'':
      return "\\(aq";
    case '`':
      return "\\(ga";
    case '^':
      return "\\(ha";
    case '~':
      return "\\(ti";
    default:
      return {};
  }
}

/// Text within a line.
std::string roff_inside(std::string_view text) {
  std::string roff;
  while (!text.empty()) {
    const auto next = utf8::first_character(text);
    if (!next.valid) {
      roff += "?";
    } else if (const auto escape = roff_escape(next.code); !escape.empty()) {
      roff += escape;
    } else if (next.code >= 0x80) {
      std::array<char, 16> buffer{};
      const auto length = std::snprintf(buffer.data(), buffer.size(), "\\[u%04X]", static_cast<unsigned>(next.code));
      roff.append(buffer.data(), static_cast<std::size_t>(length));
    } else {
      roff += utf8::is_control(next.code) && next.code != '\n' ? " " : text.substr(0, next.bytes);
    }
    text.remove_prefix(next.bytes);
  }
  return roff;
}

/// A dot at the beginning of a line would make it a request; other characters are escaped. An empty line is none.
std::string guarded(const std::string& inside) {
  std::string roff;
  bool at_begin = true;
  for (const char c : inside) {
    if (at_begin && c == '\n') continue;
    if (at_begin && (c == '.' || c == ' ')) roff += "\\&";
    roff += c;
    at_begin = c == '\n';
  }
  return roff;
}

std::string quoted(std::string_view text, std::string_view escaped, std::string_view escape_before,
                   std::string_view escape_after) {
  std::string word = "'";
  for (const char c : text) {
    const bool is_escaped = escaped.find(c) != std::string_view::npos;
    if (is_escaped) word += escape_before;
    word += c == '\n' ? ' ' : c;
    if (is_escaped) word += escape_after;
  }
  return word + "'";
}

}  // namespace

std::string shell_quoted(std::string_view text) {
  return quoted(text, "'", "'\\", "'");
}

std::string fish_quoted(std::string_view text) {
  return quoted(text, "'\\", "\\", "");
}

std::string zsh_described(std::string_view word, std::string_view description) {
  std::string item;
  for (const char c : word) {
    if (c == ':' || c == '\\') item += '\\';
    item += c;
  }
  return item.append(":").append(description);
}

std::string roff_text(std::string_view text) {
  return guarded(roff_inside(text));
}

std::string roff_prose(std::string_view text) {
  if (std::ranges::count(text, '`') % 2 != 0) return roff_text(text);
  std::string roff;
  bool bold = false;
  for (;;) {
    const auto end = std::min(text.find('`'), text.size());
    roff += roff_inside(text.substr(0, end));
    if (end == text.size()) return guarded(roff);
    bold = !bold;
    roff += bold ? "\\fB" : "\\fR";
    text.remove_prefix(end + 1);
  }
}

std::string roff_argument(std::string_view text) {
  auto roff = roff_inside(text);
  std::ranges::replace(roff, '\n', ' ');
  return "\"" + roff + "\"";
}

}  // namespace outboxd::daemon::reference
