// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/ports.hpp"
#include "postgres/statements.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>

namespace outboxd::outbox_store {

/// Has commits tell an idle dispatcher, where the table has the trigger outboxd_wake_up (migrations/0003).
///
/// A commit that notifies waits for all others that do, so writers may be asked for it only while nobody looks after
/// the table. An advisory lock says so: whoever inserts takes it in shared mode, to its transaction's end, and
/// notifies when it can't. The dispatcher takes it alone, and so gets it only when no transaction is under way that
/// has inserted and will commit without a word. Blocks; not thread-safe.
class CommitListener {
 public:
  explicit CommitListener(std::chrono::milliseconds poll_interval) : poll_interval_{poll_interval} {}

  /// Which table, as quoted SQL with its schema. To be called before arm().
  void watch(std::string table) { table_ = std::move(table); }

  /// `connection` is another number whenever the session is new. Throws what libpqxx throws.
  dispatch::WakeUps arm(postgres::Statements& statements, std::uint64_t connection);
  void disarm(postgres::Statements& statements, std::uint64_t connection);

  /// Once for each session that keeps the lock from us for long and is no dispatcher of this role: for people. Else
  /// empty.
  [[nodiscard]] std::string take_notice() { return std::exchange(notice_, {}); }

 private:
  struct Found {
    /// Its oid, as text; empty: it has no such trigger.
    std::string table{};
    /// The trigger's, as text.
    std::string lock{};
    bool taken = false;
  };

  void begin(std::uint64_t connection);
  /// Takes the lock, too, if none is held and the table is listened to.
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
  /// Who held the lock when last looked for, and whom people have been told of; process ids, as text.
  std::string holder_;
  std::string told_of_;
  std::chrono::steady_clock::time_point looked_at_{};
  std::string notice_;
};

}  // namespace outboxd::outbox_store
