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

/// Whether an error is about the names in a statement, or their types.
[[nodiscard]] inline bool is_of_names_and_types(std::string_view sqlstate) {
  return sqlstate.starts_with("42");
}

/// Whether Postgres refuses every one of these rows because of the names in a statement, or their types.
[[nodiscard]] inline bool all_of_names_and_types(const std::vector<dispatch::RefusedRow>& refused) {
  return !refused.empty() && std::ranges::all_of(refused, is_of_names_and_types, &dispatch::RefusedRow::cause);
}

/// How one session uses the table, and which of the worker's locks it holds. Blocks.
class TableSession {
 public:
  /// `table` outlives this, and is shared with other sessions.
  explicit TableSession(outbox_table::TableDriver& table) : table_{table} {}

  [[nodiscard]] outbox_table::TableDriver& table() const { return table_; }

  /// Returns `work(const Driver&)`; if the table proves to have changed, does the work again with a new driver.
  /// `failed` decides whether a result may be due to such a change. Throws libpqxx's exceptions, UnfitTable,
  /// LockedTable.
  template <class Work, class Failed>
  auto drive(postgres::Statements& statements, postgres::Connection& connection, Work work, Failed failed);
  template <class Work>
  auto drive(postgres::Statements& statements, postgres::Connection& connection, Work work) {
    return drive(statements, connection, work, [](const auto& /*done*/) { return false; });
  }

  /// Makes the worker's name show whether it lives. Returns a message for the operator, or an empty text.
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
  // While any of its sessions holds the lock, the worker counts as alive; a session that can't have it works without.
  if (!connection.is_pooled() && shows_life(*driver)) {
    lock_.hold(statements, connection.number(), driver->terms.worker);
  }
  // If the table has changed, so have the types for which triggers have made plans on this connection.
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
