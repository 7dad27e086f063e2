// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace outboxd::postgres {

/// The view of a session's connection that its work has.
class Connection {
 public:
  /// The number of this connection: a new number means that the locks and notifications of the old one are gone.
  [[nodiscard]] std::uint64_t number() const { return number_; }
  /// Whether a pooler stands between this process and the server, so that session-level locks mean nothing.
  [[nodiscard]] bool is_pooled() const { return pooled_; }
  /// When the connection was opened to replace a lost one.
  [[nodiscard]] std::optional<std::chrono::steady_clock::time_point> reopened_at() const { return reopened_at_; }

  /// From now on notifications are looked for on this connection.
  void listen() { listens_ = true; }
  void forget_notifications() { was_notified_ = false; }
  /// The connection works but is of no more use: the next work gets a new one.
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
