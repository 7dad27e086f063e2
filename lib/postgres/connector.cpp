// SPDX-License-Identifier: Apache-2.0
#include "postgres/connector.hpp"

#include "postgres/conninfo.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

namespace outboxd::postgres {
namespace {

bool takes_unicode(pqxx::nontransaction& transaction) {
  const auto encoding = text_of(exec(transaction, "SELECT pg_catalog.current_setting('server_encoding')")[0][0]);
  // SQL_ASCII accepts any bytes.
  return encoding == "UTF8" || encoding == "SQL_ASCII";
}

/// The quickest of a few: a session's first statement has to read its catalogs.
std::chrono::nanoseconds measure_round_trip(pqxx::nontransaction& transaction) {
  auto quickest = std::chrono::nanoseconds::max();
  for (int i = 0; i < 3; ++i) {
    const auto began = std::chrono::steady_clock::now();
    exec(transaction, "SELECT 1");
    quickest = std::min<std::chrono::nanoseconds>(quickest, std::chrono::steady_clock::now() - began);
  }
  return quickest;
}

}  // namespace

Connector::Connector(SessionOptions options, const CurrentConninfo& conninfo, SocketWatchdog& socket_watchdog)
    : options_{std::move(options)}, conninfo_{conninfo}, watchdog_{socket_watchdog} {}

OpenConnection Connector::open() {
  try {
    auto fresh = open_a_host();
    watchdog_.set_socket(fresh->sock());
    const SocketWatchdog::Work guarded{watchdog_};
    // A pooler may accept the client and only now report that the server refuses.
    return set_up(std::move(fresh));
  } catch (const std::exception&) {
    if (options_.could_not_open) options_.could_not_open();
    throw;
  }
}

std::unique_ptr<pqxx::connection> Connector::open_a_host() {
  try {
    return open_connection(rotate_hosts(conninfo_.text(), failed_opens_));
  } catch (const std::exception&) {
    ++failed_opens_;
    throw;
  }
}

OpenConnection Connector::set_up(std::unique_ptr<pqxx::connection> connection) const {
  OpenConnection open{.connection = std::move(connection), .pooled = options_.pooler == Pooler::transaction};
  pqxx::nontransaction transaction{*open.connection};
  // Before any setting is made: a pooler passes its sessions from client to client, so they are not this process'
  // own.
  const auto server = exec(transaction,
                           "SELECT pg_catalog.pg_backend_pid() AS pid,"
                           " pg_catalog.current_setting('idle_session_timeout', true) AS idle_timeout")[0];
  if (options_.pooler == Pooler::autodetect) {
    open.pooled = text_of(server["pid"]) != std::to_string(open.connection->backendpid());
  }
  open.mode = {.settings = open.pooled ? transaction_settings(options_) : "",
               .prepares = !open.pooled,
               .takes_unicode = takes_unicode(transaction),
               .usual_timeout = usual_timeout_of(options_),
               .longest_timeout = options_.statement_timeout,
               .round_trip = measure_round_trip(transaction)};
  const auto idle_timeout = text_of(server["idle_timeout"]);
  open.idling_ends = !idle_timeout.empty() && idle_timeout != "0";
  if (!open.pooled) exec(transaction, session_settings(options_));
  return open;
}

}  // namespace outboxd::postgres
