// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "postgres/connection.hpp"
#include "postgres/statements.hpp"

#include <cstdint>
#include <string>

namespace outboxd::outbox_store {

/// The right to remove old rows of a table, which one session has at a time: an advisory lock for as long as a pass
/// takes (PostgreSQL manual, "Advisory Locks"). Behind a pooler there is none, as sessions change hands there:
/// several dispatchers may then remove rows, and skip those that another one has locked. Blocks for an answer, never
/// for the lock; not thread-safe.
class PruneLock {
 public:
  /// Whether this session has the right. Throws libpqxx's exceptions.
  bool hold(postgres::Statements& statements, const postgres::Connection& connection, const std::string& table);
  /// Gives it to another session.
  void release(postgres::Statements& statements, const postgres::Connection& connection);

 private:
  /// The connection that holds it, and the table; 0: none does.
  std::uint64_t connection_ = 0;
  std::string table_;
};

}  // namespace outboxd::outbox_store
