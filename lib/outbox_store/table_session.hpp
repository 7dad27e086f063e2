// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/refused_row.hpp"
#include "outbox_store/table_lock.hpp"
#include "outbox_store/worker_lock.hpp"
#include "outbox_store/worker_name.hpp"
#include "outbox_table/table_driver.hpp"
#include "postgres/connection.hpp"
#include "postgres/statements.hpp"

#include <algorithm>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

namespace outboxd::outbox_store {

/// Whether an error is about what a statement names, or of what type that is.
[[nodiscard]] inline bool is_of_names_and_types(std::string_view sqlstate) {
  return sqlstate.starts_with("42");
}

/// Whether Postgres refuses every one of these rows for what a statement names, or for its types.
[[nodiscard]] inline bool all_of_names_and_types(const std::vector<dispatch::RefusedRow>& refused) {
  return !refused.empty() && std::ranges::all_of(refused, is_of_names_and_types, &dispatch::RefusedRow::cause);
}

/// How one session drives the table, and which of the worker's locks it holds. Blocks.
class TableSession {
 public:
  /// `table` outlives this, and is shared with other sessions.
  explicit TableSession(outbox_table::TableDriver& table) : table_{table} {}

  [[nodiscard]] outbox_table::TableDriver& table() const { return table_; }

  /// Returns `work(const Driver&)`; that of another driver where the table proves to have changed. `failed` says of
  /// what the work returns whether it may be for such a change. Throws what libpqxx throws, UnfitTable, LockedTable.
  template <class Work, class Failed>
  auto drive(postgres::Statements& statements, postgres::Connection& connection, Work work, Failed failed);
  template <class Work>
  auto drive(postgres::Statements& statements, postgres::Connection& connection, Work work) {
    return drive(statements, connection, work, [](const auto& /*done*/) { return false; });
  }

  /// Sees to it that the worker's name shows whether it lives. Returns what people should know of that; else nothing.
  std::string keep_a_name(postgres::Statements& statements, const postgres::Connection& connection) {
    if (!connection.is_pooled()) {
      return outbox_store::keep_a_name(statements, table_, lock_, connection.number());
    }
    go_without_lock(statements, table_);
    return {};
  }

 private:
  outbox_table::TableDriver& table_;
  WorkerLock lock_;
};

template <class Work, class Failed>
auto TableSession::drive(postgres::Statements& statements, postgres::Connection& connection, Work work,
                         Failed failed) {
  auto driver = table_.driver();
  // While any session of ours holds it, the worker isn't taken for dead; one that can't have it goes on without.
  if (!connection.is_pooled() && shows_life(*driver)) {
    lock_.hold(statements, connection.number(), driver->terms.worker);
  }
  // Where the table has changed, so have the types for which triggers have made plans on this connection.
  try {
    auto done = work(*driver);
    if (!failed(done)) return done;
    connection.reopen();
    if (!table_.has_changed(statements, *driver)) return done;
  } catch (const std::exception& error) {
    look_for_table_lock(statements, driver->layout, postgres::sqlstate_of(error));
    if (!is_of_names_and_types(postgres::sqlstate_of(error))) throw;
    connection.reopen();
    if (!table_.has_changed(statements, *driver)) throw;
  }
  driver = table_.driver();
  return work(*driver);
}

}  // namespace outboxd::outbox_store
