// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "redis/connection.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <string>
#include <vector>

namespace outboxd::redis {

/// What came of asking a server for its settings.
struct ServerCheck {
  /// One for each setting that endangers events.
  std::vector<std::string> warnings;
  /// Why the connection was lost over it; empty when it was not.
  std::string failure;
};

/// Compares the server's settings with what events need (noeviction, appendonly, everysec or better). A refused
/// CONFIG GET is no warning.
boost::asio::awaitable<ServerCheck> check_server(Connection& connection, std::chrono::milliseconds timeout);

}  // namespace outboxd::redis
