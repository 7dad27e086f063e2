// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "outbox_table/layout.hpp"
#include "outbox_table/table_shape.hpp"
#include "postgres/statements.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace outboxd::outbox_table {

/// A table, as far as a layout needs to know it.
struct TableReport {
  /// What keeps this role from driving the table, each with its remedy; empty when it can.
  std::vector<std::string> problems;
  /// What this role may do beyond what it needs to, and what the table lacks to be quick; for people.
  std::vector<std::string> warnings;
  /// Its name and its schema's, as quoted SQL; empty where there is no such table.
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
  /// With its length, if it has one: what is longer is cut.
  std::string last_error_type = "text";
  /// Operators, as LayoutTerms has them.
  std::string id_equals = "=";
  std::string status_equals = "=";
};

/// What a table is wanted for: counting its rows takes fewer rights than driving it.
enum class TableUse { drive, count };

/// Looks a table up in the catalog, and checks that its columns and this role's rights are what its shape and its use
/// ask for. `table` is quoted SQL, looked for in the role's own search path where it names no schema; `worker_length`
/// is that of the name that goes into `locked_by`. Blocks; throws what libpqxx throws.
[[nodiscard]] TableReport inspect_table(postgres::Statements& statements, const std::string& table,
                                        const TableShape& shape, std::size_t worker_length,
                                        TableUse use = TableUse::drive);

/// The terms with what the table itself decides.
[[nodiscard]] LayoutTerms with_facts(LayoutTerms terms, const TableReport& report);

}  // namespace outboxd::outbox_table
