// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "postgres/statements.hpp"

#include <cstdint>
#include <set>
#include <string>
#include <string_view>

namespace outboxd::outbox_store {

// A worker proves that it lives by a shared session-level advisory lock (PostgreSQL manual, "Advisory Locks") named
// after it, which Postgres releases with the worker's last session: while any session holds a lock of that name, the
// worker counts as alive. It needs no table and no rights. Any role that may connect can take the lock, or queue for
// it, and read its key in pg_locks: so no session ever waits for it.

/// The worker's locks that one session holds. Blocks for an answer, never for a lock; not thread-safe.
class WorkerLock {
 public:
  /// Whether the session holds this worker's lock. Tries to get it once for each connection and name. `connection`
  /// changes with every new session. Throws libpqxx's exceptions for a lost connection.
  bool hold(postgres::Statements& statements, std::uint64_t connection, const std::string& worker);

 private:
  std::uint64_t connection_ = 0;
  std::set<std::string> held_;
  std::set<std::string> tried_;
};

/// A new name for the same worker, of the same length, which can't be guessed.
[[nodiscard]] std::string renamed_worker(std::string worker);

/// A name that shows that the worker has no lock: its rows wait for their lease's end.
[[nodiscard]] std::string unlocked_worker(std::string_view worker);
[[nodiscard]] bool is_unlocked_worker(std::string_view worker);

}  // namespace outboxd::outbox_store
