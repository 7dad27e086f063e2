// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dead_rows/table.hpp"

#include <optional>
#include <string>
#include <vector>

namespace outboxd::dead_rows {

/// One row, column by column.
struct OneRow {
  struct Column {
    std::string name;
    std::string json;
    /// Empty: NULL.
    std::optional<std::string> text;
  };

  /// As in outbox_table::DeadSql::outcomes.
  std::string state;
  std::vector<Column> columns;
  /// Columns that the role may not read.
  std::vector<std::string> unreadable;
};

/// The row with this id, with its payload if asked for; nothing if there is none.
[[nodiscard]] std::optional<OneRow> find_row(Table& table, const std::string& id, bool with_payload);

/// A line for each column. Long texts are whole, as they were asked for, but without control characters.
[[nodiscard]] std::string text_of(const OneRow& row);
/// One line; deploy/JSON.md has the fields.
[[nodiscard]] std::string json_of(const std::string& dispatcher, const std::string& table, const OneRow& row);

}  // namespace outboxd::dead_rows
