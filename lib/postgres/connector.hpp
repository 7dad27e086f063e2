// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "postgres/current_conninfo.hpp"
#include "postgres/pqxx_compat.hpp"
#include "postgres/session_options.hpp"
#include "postgres/socket_watchdog.hpp"
#include "postgres/statements.hpp"

#include <cstddef>
#include <memory>

namespace outboxd::postgres {

/// A connection, and the facts that were found when it was opened.
struct OpenConnection {
  std::unique_ptr<pqxx::connection> connection;
  StatementMode mode{};
  /// A pooler stands between this process and the server.
  bool pooled = false;
  /// The server ends idle sessions.
  bool idling_ends = false;
  PreparedStatements prepared{};
};

/// Opens connections and sets their sessions up. Where several hosts are named, each failure moves on to another
/// first host. Blocks.
class Connector {
 public:
  /// `conninfo` and `socket_watchdog` outlive this.
  Connector(SessionOptions options, const CurrentConninfo& conninfo, SocketWatchdog& socket_watchdog);

  /// Throws libpqxx's exceptions.
  OpenConnection open();

 private:
  std::unique_ptr<pqxx::connection> open_a_host();
  [[nodiscard]] OpenConnection set_up(std::unique_ptr<pqxx::connection> connection) const;

  SessionOptions options_;
  const CurrentConninfo& conninfo_;
  SocketWatchdog& watchdog_;
  std::size_t failed_opens_ = 0;
};

}  // namespace outboxd::postgres
