// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "outbox_table/layout.hpp"
#include "outbox_table/table_shape.hpp"
#include "postgres/statements.hpp"

#include <string>
#include <vector>

namespace outboxd::outbox_table {

/// What a role may do with a table beside what inspect_table() checks.
struct DeadRights {
  bool may_delete = false;
  /// Of at least one column, which is what locking a row takes.
  bool may_update = false;
  /// The names of all columns that the role may read, in the table's order.
  std::vector<std::string> readable{};
  std::vector<std::string> unreadable{};
};

/// `table`: with its schema, as TableReport has it. Blocks; throws libpqxx's exceptions.
[[nodiscard]] DeadRights dead_rights(postgres::Statements& statements, const std::string& table);

/// The column that says how old a dead row is: that of its last change, else that of its creation. No layout has a
/// column for the time of death. Empty: there is none.
[[nodiscard]] std::string dead_since_column(const TableShape& shape);

/// The statements of `outboxd dead`. Each that has a filter takes it as its first parameters: $1 streams, a text
/// array; $2 a text of the error; $3 a time before which, and $4 one from which on the row's time must be; $5 ids, a
/// text array. NULL: any. All of them see only dead rows of the dispatcher's streams and producer, except show and
/// outcomes.
struct DeadSql {
  /// Groups by stream and kind of error, most rows first: stream, kind, count, oldest, newest, example (an id), rows
  /// (of all groups), groups. $6 limit.
  std::string list;
  /// total; nameless: those whose id is too long to name them.
  std::string count;
  /// The next rows in the order of their ids as bytes: id, bytes (of the row as JSON; NULL: measuring took too long).
  /// $6 the id after which to begin, or NULL; $7 limit.
  std::string window;
  /// Makes the rows whose ids are in $6 due again, without those that others have locked. Returns the ids of the rows
  /// that are now waiting.
  std::string requeue;
  /// The same, but deletes the rows: id, and the row as JSON.
  std::string remove;
  /// The same for a role that may not lock rows: it waits for rows that others have locked.
  std::string remove_waiting;
  /// The same, but marks the rows as discarded; $7 is the new last_error. Returns the row as it was before.
  std::string mark_discarded;
  /// The states of the rows $1: id, and "published", "discarded", "dead", "leased", "retrying" or "waiting".
  std::string outcomes;
  /// The row $1, one line for each column that the role may read: state, name, json, text; without the payload unless
  /// $2.
  std::string show;
};

[[nodiscard]] DeadSql make_dead_sql(const TableShape& shape, const LayoutTerms& terms, const DeadRights& rights);

}  // namespace outboxd::outbox_table
