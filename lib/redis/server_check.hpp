// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "redis/connection.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <string>
#include <vector>

namespace outboxd::redis {

/// The result of check_server().
struct ServerCheck {
  /// One warning for each setting that endangers events.
  std::vector<std::string> warnings;
  /// Why the check cost the connection; empty if it didn't.
  std::string failure;
};

/// Compares the server's settings with those that events need (noeviction, appendonly, everysec or always). If CONFIG
/// GET is refused, there is no warning.
boost::asio::awaitable<ServerCheck> check_server(Connection& connection, std::chrono::milliseconds timeout);

}  // namespace outboxd::redis
