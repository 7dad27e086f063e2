// SPDX-License-Identifier: Apache-2.0
#include "outbox_store/prune_lock.hpp"

#include "postgres/pqxx_compat.hpp"

#include <utility>

namespace outboxd::outbox_store {

using postgres::exec;
using postgres::Statements;

namespace {

// The seed separates these keys from other users of advisory locks in the same database, and from workers' locks.
constexpr const char* kTryToLock = "SELECT pg_try_advisory_lock(hashtextextended($1::text, 7231))";
constexpr const char* kUnlock = "SELECT pg_advisory_unlock(hashtextextended($1::text, 7231))";

}  // namespace

bool PruneLock::hold(Statements& statements, const postgres::Connection& connection, const std::string& table) {
  if (connection.is_pooled() || (connection_ == connection.number() && table_ == table)) return true;
  release(statements, connection);
  if (!postgres::is_true(exec(statements, kTryToLock, table)[0][0])) return false;
  connection_ = connection.number();
  table_ = table;
  return true;
}

void PruneLock::release(Statements& statements, const postgres::Connection& connection) {
  if (std::exchange(connection_, 0) == connection.number() && !connection.is_pooled()) {
    exec(statements, kUnlock, table_);
  }
}

}  // namespace outboxd::outbox_store
