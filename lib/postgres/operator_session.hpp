// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "postgres/session_options.hpp"
#include "postgres/socket_watchdog.hpp"
#include "postgres/statements.hpp"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

namespace outboxd::postgres {

/// A connection for operators' commands, which have no event loop. Each statement runs in a transaction of its own
/// with all settings, so that it also works behind a pooler, waits at most a second for a lock, and is cut off when
/// the server falls silent. Blocks.
class OperatorSession {
 public:
  /// `read`: its transactions are read-only.
  enum class Access { read, write };

  /// Connects. Throws libpqxx's exceptions.
  explicit OperatorSession(const SessionOptions& options, Access access = Access::read);
  ~OperatorSession();
  OperatorSession(const OperatorSession&) = delete;
  OperatorSession& operator=(const OperatorSession&) = delete;

  /// Returns work(Statements&); it may take the statement time-out, and a moment more. Throws what the work throws.
  template <class Work>
  auto run(Work work) {
    const SocketWatchdog::Work guarded{watchdog_};
    Statements statements{*connection_, mode_, prepared_};
    return work(statements);
  }

  /// Whether a pooler stands between this process and the server.
  [[nodiscard]] bool is_pooled() const { return pooled_; }
  /// False when the connection is lost.
  [[nodiscard]] bool is_open() const { return connection_->is_open(); }
  /// The address that was connected to: a name, an address, or the folder of a Unix socket.
  [[nodiscard]] std::string host() const;
  [[nodiscard]] std::string port() const;
  [[nodiscard]] std::string database() const;

 private:
  StatementMode mode_;
  PreparedStatements prepared_;
  SocketWatchdog watchdog_;
  boost::asio::io_context loop_{1};
  std::optional<SocketWatchdog::Guard> guard_;
  std::unique_ptr<pqxx::connection> connection_;
  bool pooled_ = false;
  // Last, so that the thread has ended before the loop and the watchdog.
  std::thread thread_;
};

}  // namespace outboxd::postgres
