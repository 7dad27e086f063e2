// SPDX-License-Identifier: Apache-2.0
#include "dead_rows/one_row.hpp"

#include "telemetry/escape.hpp"

#include <algorithm>

namespace outboxd::dead_rows {

using postgres::optional_text_of;
using postgres::text_of;

std::optional<OneRow> find_row(Table& table, const std::string& id, bool with_payload) {
  OneRow row{.state = {}, .columns = {}, .unreadable = table.rights().unreadable};
  for (const auto& line : table.run(table.sql().show, {id, with_payload ? "true" : "false"})) {
    row.state = text_of(line["state"]);
    row.columns.push_back({text_of(line["name"]), text_of(line["json"]), optional_text_of(line["text"])});
  }
  if (row.columns.empty()) return std::nullopt;
  return row;
}

std::string text_of(const OneRow& row) {
  std::string text;
  std::size_t width = 0;
  for (const auto& column : row.columns) width = std::max(width, column.name.size());
  for (const auto& column : row.columns) {
    telemetry::append_printable(text, column.name);
    text.append(width - column.name.size() + 2, ' ');
    telemetry::append_printable(text, column.text.value_or("-"));
    text += "\n";
  }
  for (const auto& name : row.unreadable) {
    telemetry::append_printable(text, name);
    text += ": this role may not read it\n";
  }
  return text;
}

std::string json_of(const std::string& dispatcher, const std::string& table, const OneRow& row) {
  using telemetry::json_text;
  std::string columns;
  for (const auto& column : row.columns) {
    columns.append(columns.empty() ? "" : ",").append(json_text(column.name)).append(":").append(column.json);
  }
  auto json =
      "{\"dispatcher\":" + json_text(dispatcher) + ",\"table\":" + json_text(table) + ",\"row\":{" + columns + "}";
  // Of a column of type json, which keeps its line ends.
  std::ranges::replace_if(
      json, [](char c) { return c == '\n' || c == '\r'; }, ' ');
  return json + "}\n";
}

}  // namespace outboxd::dead_rows
