// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/ports.hpp"
#include "postgres/statements.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>

namespace outboxd::outbox_store {

/// Lets commits wake an idle dispatcher, where the table has the trigger outboxd_wake_up (migrations/0003).
///
/// A commit that notifies waits for all others that do, so writers should notify only while no dispatcher polls the
/// table. An advisory lock controls that: each writer takes it in shared mode until its transaction ends, and
/// notifies if it can't get it. The dispatcher takes it in exclusive mode, and so gets it only when no transaction is
/// open that has inserted rows and will commit without notifying. Blocks; not thread-safe.
class CommitListener {
 public:
  explicit CommitListener(std::chrono::milliseconds poll_interval) : poll_interval_{poll_interval} {}

  /// The table to watch, as quoted SQL with its schema. To be called before arm().
  void watch(std::string table) { table_ = std::move(table); }

  /// `connection` changes with every new session. Throws libpqxx's exceptions.
  dispatch::WakeUps arm(postgres::Statements& statements, std::uint64_t connection);
  void disarm(postgres::Statements& statements, std::uint64_t connection);

  /// A message for the operator, once for each session that has held the lock for long and is no dispatcher of this
  /// role; otherwise empty.
  [[nodiscard]] std::string take_notice() { return std::exchange(notice_, {}); }

 private:
  struct Found {
    /// The table's oid, as text; empty: it has no such trigger.
    std::string table{};
    /// The key of the trigger's advisory lock, as text.
    std::string lock{};
    bool taken = false;
  };

  void begin(std::uint64_t connection);
  /// Also takes the lock, if none is held and the session listens to the table.
  Found look(postgres::Statements& statements) const;
  void listen_to(postgres::Statements& statements, const std::string& table);
  void find_who_holds(postgres::Statements& statements, const std::string& lock);

  std::string table_;
  std::chrono::milliseconds poll_interval_;
  std::uint64_t connection_ = 0;
  /// The table's oid; empty: none.
  std::string listens_to_;
  /// The lock that is held; empty: none.
  std::string armed_;
  /// The session that held the lock at the last check, and the one that was reported; process ids, as text.
  std::string holder_;
  std::string told_of_;
  std::chrono::steady_clock::time_point looked_at_{};
  std::string notice_;
};

}  // namespace outboxd::outbox_store
