// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "postgres/statements.hpp"

#include <cstdint>
#include <set>
#include <string>
#include <string_view>

namespace outboxd::outbox_store {

// A worker shows that it lives by a shared session-level advisory lock (PostgreSQL manual, "Advisory Locks") named
// after it, which Postgres drops with the worker's last session: while any session holds a lock of that name, the
// worker counts as alive. Needs no table and no rights. Anyone who may connect can take the lock, or queue for it,
// and read its key in pg_locks: so no session ever waits for it.

/// The locks that one session of ours holds. Blocks for an answer, never for a lock; not thread-safe.
class WorkerLock {
 public:
  /// Whether the session holds the lock of this worker, which it tries to get, once for each connection and name.
  /// `connection` is another number whenever the session is new. Throws what libpqxx throws for a lost connection.
  bool hold(postgres::Statements& statements, std::uint64_t connection, const std::string& worker);

 private:
  std::uint64_t connection_ = 0;
  std::set<std::string> held_;
  std::set<std::string> tried_;
};

/// Another name for the same worker, of the same length, which can't be guessed.
[[nodiscard]] std::string renamed_worker(std::string worker);

/// A name that says that no lock shows whether the worker lives: its rows wait for their lease's end.
[[nodiscard]] std::string unlocked_worker(std::string_view worker);
[[nodiscard]] bool is_unlocked_worker(std::string_view worker);

}  // namespace outboxd::outbox_store
