// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "outbox_table/layout.hpp"
#include "outbox_table/table_shape.hpp"
#include "postgres/statements.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace outboxd::outbox_table {

/// The facts about a table that a layout needs.
struct TableReport {
  /// The reasons why this role can't use the table, each with its remedy; empty when it can.
  std::vector<std::string> problems;
  /// Rights that this role has but doesn't need, and indexes that the table lacks, as readable texts.
  std::vector<std::string> warnings;
  /// The table's name with its schema, as quoted SQL; empty where there is no such table.
  std::string table;
  /// An ordinary table: not partitioned, not inherited from, and not a view.
  bool plain = false;
  /// It has an index by stream and time of the rows that are not published.
  bool has_stream_index = false;
  /// SQL types of columns, as the catalog prints them where only pg_catalog is in the search path.
  std::string id_type = "text";
  std::string payload_type = "jsonb";
  std::string status_type = "text";
  std::string attempts_type = "integer";
  /// With its length, if it has one: longer texts are cut.
  std::string last_error_type = "text";
  /// Operators, as in LayoutTerms.
  std::string id_equals = "=";
  std::string status_equals = "=";
  std::string id_greater = ">";
};

/// A report's problems as one text.
[[nodiscard]] std::string in_one_line(const std::vector<std::string>& problems);

/// The use of a table: counting its rows takes fewer rights than dispatching them.
enum class TableUse { drive, count };

/// Looks a table up in the catalog, and checks that its columns and this role's rights suit its shape and its use.
/// `table` is quoted SQL, looked up in the role's own search path where it names no schema; `worker_length` is the
/// length of the name that goes into `locked_by`. Blocks; throws libpqxx's exceptions.
[[nodiscard]] TableReport inspect_table(postgres::Statements& statements, const std::string& table,
                                        const TableShape& shape, std::size_t worker_length,
                                        TableUse use = TableUse::drive);

/// The terms, completed with the facts about the table.
[[nodiscard]] LayoutTerms with_facts(LayoutTerms terms, const TableReport& report);

}  // namespace outboxd::outbox_table
