// SPDX-License-Identifier: Apache-2.0
#include "postgres/array_literal.hpp"

#include <string_view>

namespace outboxd::postgres {
namespace {

// Every element is quoted: that alone keeps apart the empty text, the text NULL, and white space at the ends.
void append_quoted(std::string& out, std::string_view element) {
  out += '"';
  for (const char c : element) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out += '"';
}

}  // namespace

std::string array_literal(const std::vector<std::string>& elements) {
  std::string out = "{";
  for (const auto& element : elements) {
    if (out.size() > 1) out += ',';
    append_quoted(out, element);
  }
  return out += '}';
}

std::string array_literal(const std::vector<std::optional<std::string>>& elements) {
  std::string out = "{";
  for (const auto& element : elements) {
    if (out.size() > 1) out += ',';
    if (element) {
      append_quoted(out, *element);
    } else {
      out += "NULL";
    }
  }
  return out += '}';
}

}  // namespace outboxd::postgres
