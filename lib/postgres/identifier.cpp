// SPDX-License-Identifier: Apache-2.0
#include "postgres/identifier.hpp"

#include <stdexcept>

namespace outboxd::postgres {
namespace {

constexpr std::string_view kRemedy = R"(: write table, schema.table, or "Quoted"."Names")";

[[noreturn]] void refuse(std::string_view name, std::string_view reason) {
  throw std::invalid_argument("table name '" + std::string(name) + "' " + std::string(reason) + std::string(kRemedy));
}

/// The length of the quoted part that `rest` begins with, both quotes included.
std::size_t quoted_length(std::string_view name, std::string_view rest) {
  std::size_t i = 1;
  while (i < rest.size()) {
    if (rest[i] != '"') {
      ++i;
    } else if (i + 1 < rest.size() && rest[i + 1] == '"') {
      i += 2;
    } else {
      return i + 1;
    }
  }
  refuse(name, "has a quote that isn't closed");
}

/// Takes the first part off `rest` and returns it quoted.
std::string take_part(std::string_view name, std::string_view& rest) {
  if (rest.starts_with('"')) {
    const auto length = quoted_length(name, rest);
    std::string part(rest.substr(0, length));
    if (part.size() == 2) refuse(name, "has an empty part");
    rest.remove_prefix(length);
    return part;
  }
  const auto bare = rest.substr(0, rest.find('.'));
  if (bare.empty()) refuse(name, "has an empty part");
  if (bare.find('"') != std::string_view::npos) refuse(name, "has a quote inside a bare part");
  rest.remove_prefix(bare.size());
  return '"' + std::string(bare) + '"';
}

}  // namespace

std::string quote_table(std::string_view name) {
  if (name.find('\0') != std::string_view::npos) refuse("?", "has a NUL byte");
  auto rest = name;
  std::string quoted = take_part(name, rest);
  if (rest.empty()) return quoted;
  if (!rest.starts_with('.')) refuse(name, "has text behind a quoted part");
  rest.remove_prefix(1);
  quoted += '.' + take_part(name, rest);
  if (!rest.empty()) refuse(name, "has more than a schema and a table");
  return quoted;
}

std::string quote_name(std::string_view name) {
  std::string quoted = "\"";
  for (const char c : name) quoted.append(c == '"' ? 2 : 1, c);
  return quoted + '"';
}

std::string quote_text(std::string_view text) {
  const bool escapes = text.find('\\') != std::string_view::npos;
  std::string quoted = escapes ? "E'" : "'";
  for (const char c : text) quoted.append(c == '\'' || c == '\\' ? 2 : 1, c);
  return quoted + "'";
}

}  // namespace outboxd::postgres
