// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/ports.hpp"
#include "postgres/connection.hpp"
#include "postgres/connector.hpp"

#include <chrono>
#include <exception>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

namespace outboxd::postgres {

/// One connection to Postgres, opened when it is needed and opened again after it is lost. A connection that a
/// time-out of the server's or a firewall ended while it was idle is replaced silently. Blocks.
class ReconnectingConnection {
 public:
  /// `conninfo` and `socket_watchdog` outlive this.
  ReconnectingConnection(SessionOptions options, const CurrentConninfo& conninfo, SocketWatchdog& socket_watchdog)
      : connector_{std::move(options), conninfo, socket_watchdog}, watchdog_{socket_watchdog} {}

  /// Runs `work(Statements&, Connection&)`; once more on a new connection if the current one proves to have been lost
  /// while it was idle. A failure is a StoreError that names the purpose of the work.
  template <class Work>
  dispatch::StoreResult<std::invoke_result_t<Work&, Statements&, Connection&>> run(const std::string& purpose,
                                                                                   Work work);

  /// Whether the server has notified since Connection::forget_notifications(), or has ended the connection. Needs
  /// Connection::listen().
  [[nodiscard]] bool was_notified() const { return connection_.was_notified_; }

 private:
  template <class Work>
  std::invoke_result_t<Work&, Statements&, Connection&> run_once(Work& work);
  void ensure_open();
  /// Asks the socket, not the server.
  [[nodiscard]] bool is_usable();
  /// Whether the connection was lost while idle before this work, as far as the error of its first use shows that.
  [[nodiscard]] bool was_lost_while_idle(const std::exception& error) const;
  void look_for_notifications();
  void close();
  dispatch::StoreError explain(const std::string& purpose, const std::exception& error);

  Connector connector_;
  SocketWatchdog& watchdog_;
  OpenConnection open_;
  Connection connection_;
  /// When the last work on this connection ended; empty: there was none.
  std::optional<std::chrono::steady_clock::time_point> used_at_;
  bool was_idle_ = false;
};

template <class Work>
std::invoke_result_t<Work&, Statements&, Connection&> ReconnectingConnection::run_once(Work& work) {
  ensure_open();
  const SocketWatchdog::Work guarded{watchdog_};
  look_for_notifications();
  auto done = [this, &work] {
    Statements statements{*open_.connection, open_.mode, open_.prepared};
    return work(statements, connection_);
  }();
  look_for_notifications();
  used_at_ = std::chrono::steady_clock::now();
  return done;
}

template <class Work>
dispatch::StoreResult<std::invoke_result_t<Work&, Statements&, Connection&>> ReconnectingConnection::run(
    const std::string& purpose, Work work) {
  try {
    try {
      return run_once(work);
    } catch (const std::exception& error) {
      if (!was_lost_while_idle(error)) throw;
    }
    close();
    return run_once(work);
  } catch (const std::exception& error) {
    return explain(purpose, error);
  }
}

}  // namespace outboxd::postgres
