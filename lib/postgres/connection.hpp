// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace outboxd::postgres {

/// A session's connection as the work sees that runs on it.
class Connection {
 public:
  /// Counts the connections: another number means that what the session held or listened to is gone.
  [[nodiscard]] std::uint64_t number() const { return number_; }
  /// Whether a pooler stands between us and the server, so that session-level locks mean nothing.
  [[nodiscard]] bool is_pooled() const { return pooled_; }
  /// When it was opened to replace a lost one.
  [[nodiscard]] std::optional<std::chrono::steady_clock::time_point> reopened_at() const { return reopened_at_; }

  /// Notifications are looked for on it from now on.
  void listen() { listens_ = true; }
  void forget_notifications() { was_notified_ = false; }
  /// It is of no more use, although it works: the next work gets a new one.
  void reopen() { wanted_anew_ = true; }

 private:
  friend class ReconnectingConnection;

  std::uint64_t number_ = 0;
  bool pooled_ = false;
  bool listens_ = false;
  bool was_notified_ = false;
  bool wanted_anew_ = false;
  std::optional<std::chrono::steady_clock::time_point> reopened_at_;
};

}  // namespace outboxd::postgres
