// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/ports.hpp"
#include "outbox_store/table_session.hpp"
#include "postgres/connection.hpp"
#include "postgres/statements.hpp"

namespace outboxd::outbox_store {

/// What the settle session's thread owns, and does.
class SettleThread {
 public:
  explicit SettleThread(outbox_table::TableDriver& table) : table_{table} {}

  /// As OutcomeSink::settle(). Blocks; throws what libpqxx throws, UnfitTable or LockedTable.
  dispatch::Settled settle(postgres::Statements& statements, postgres::Connection& connection,
                           const dispatch::Settlement& settlement);

 private:
  /// By this driver, and where the worker was renamed meanwhile by the one for its new name.
  dispatch::Settled settle_by(const outbox_table::Driver& driver, postgres::Statements& statements,
                              postgres::Connection& connection, const dispatch::Settlement& settlement);

  TableSession table_;
};

}  // namespace outboxd::outbox_store
