// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/ports.hpp"
#include "outbox_store/table_session.hpp"
#include "postgres/connection.hpp"
#include "postgres/statements.hpp"

namespace outboxd::outbox_store {

/// The state and the work of the settle session's thread.
class SettleThread {
 public:
  explicit SettleThread(outbox_table::TableDriver& table) : table_{table} {}

  /// As OutcomeSink::settle(). Blocks; throws libpqxx's exceptions, UnfitTable or LockedTable.
  dispatch::Settled settle(postgres::Statements& statements, postgres::Connection& connection,
                           const dispatch::Settlement& settlement);

 private:
  /// Settles with this driver, or with the driver for the worker's new name where the worker was renamed meanwhile.
  dispatch::Settled settle_by(const outbox_table::Driver& driver, postgres::Statements& statements,
                              postgres::Connection& connection, const dispatch::Settlement& settlement);

  TableSession table_;
};

}  // namespace outboxd::outbox_store
