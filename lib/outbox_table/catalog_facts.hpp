// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "outbox_table/layout.hpp"
#include "outbox_table/table_shape.hpp"
#include "postgres/statements.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace outboxd::outbox_table {

// What Postgres' catalogs and statistics say of a table beside its fitness for use (inspect.hpp): facts for an
// operator's examination, read without touching the table's rows unless that is said. `table` is quoted SQL with its
// schema. All functions block and throw libpqxx's exceptions.

struct IndexFact {
  std::string name{};
  /// Its first two columns; empty for an expression, or where there is none.
  std::string first{};
  std::string second{};
  bool valid = true;
  /// The condition of a partial index, as Postgres prints it.
  std::string condition{};
  std::string schema{};
};
[[nodiscard]] std::vector<IndexFact> indexes_of(postgres::Statements& statements, const std::string& table);

/// The first index by which claims find due rows without reading the whole table; null if there is none.
[[nodiscard]] const IndexFact* claim_index_of(const std::vector<IndexFact>& indexes, const TableShape& shape);

/// The statement that creates an index by which claims find due rows.
[[nodiscard]] std::string claim_index_sql(const TableShape& shape, const std::string& table);

struct TriggerFact {
  std::string name{};
  bool enabled = true;
  bool on_insert = false;
  bool on_update = false;
  /// Its function, with its schema.
  std::string function{};
  /// The function's source raises an exception, or drops rows by returning NULL before they are written.
  bool may_refuse = false;
};
/// Without Postgres' own triggers for foreign keys.
[[nodiscard]] std::vector<TriggerFact> triggers_of(postgres::Statements& statements, const std::string& table);

/// The table's storage and statistics.
struct StorageFacts {
  /// The planner's estimate; -1 before the first VACUUM or ANALYZE.
  std::int64_t rows = -1;
  std::int64_t pages = 0;
  std::int64_t dead_versions = 0;
  std::int64_t inserted = 0;
  std::optional<std::chrono::seconds> vacuumed_ago{};
  /// The table's own settings; empty where it has none.
  std::string autovacuum_enabled{};
  std::string fillfactor{};
  bool may_delete = false;
  /// Empty if that role can't log in.
  std::string owner{};
};
[[nodiscard]] StorageFacts storage_of(postgres::Statements& statements, const std::string& table);

/// A table of the same name in another schema.
struct NamesakeFact {
  std::string table{};
  std::int64_t inserted = 0;
};
[[nodiscard]] std::vector<NamesakeFact> namesakes_of(postgres::Statements& statements, const std::string& table);

/// A worker that has leased rows.
struct LeaseFact {
  std::string worker{};
  std::int64_t rows = 0;
  /// The longest time until one of its leases ends.
  std::chrono::milliseconds longest{0};
};
/// The workers that have leased some of the thousand rows that are due first; none without lease columns.
[[nodiscard]] std::vector<LeaseFact> lease_holders(postgres::Statements& statements, const TableShape& shape,
                                                   const LayoutTerms& terms);

/// The streams of the rows that are due first and of the latest rows, a thousand each, and those that the statistics
/// know. At most a hundred.
[[nodiscard]] std::vector<std::string> streams_in(postgres::Statements& statements, const TableShape& shape,
                                                  const LayoutTerms& terms);

/// The statements of the last two functions.
[[nodiscard]] std::string lease_holders_sql(const TableShape& shape, const LayoutTerms& terms);
[[nodiscard]] std::string streams_sql(const TableShape& shape, const LayoutTerms& terms);

}  // namespace outboxd::outbox_table
