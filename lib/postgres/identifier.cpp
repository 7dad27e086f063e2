// SPDX-License-Identifier: Apache-2.0
#include "postgres/identifier.hpp"

#include "outbox/table_name.hpp"

#include <stdexcept>

namespace outboxd::postgres {

std::string quote_table(std::string_view name) {
  const auto parts = split_table_name(name);
  if (!parts || name.find('\0') != std::string_view::npos) {
    throw std::invalid_argument("table name '" + std::string(name) +
                                R"(' is not valid: write table, schema.table, or "Quoted"."Names")");
  }
  std::string quoted;
  for (const NamePart& part : *parts) quoted.append(quoted.empty() ? "" : ".").append(quote_name(part.text));
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
