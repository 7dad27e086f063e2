// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "redis/bounds.hpp"
#include "redis/connection.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <string>
#include <vector>

namespace outboxd::redis {

/// What came of looking at streams.
struct StreamLook {
  /// One for each stream that the next XADD cuts unread entries of.
  std::vector<std::string> warnings;
  /// Why the connection was lost over it; empty when it was not.
  std::string failure;
};

/// Compares the streams' lengths, and what their groups have read, with the bounds. Where the server doesn't let us
/// look there is nothing to warn of.
boost::asio::awaitable<StreamLook> look_at_streams(Connection& connection, std::vector<std::string> streams,
                                                   Bounds bounds, std::chrono::milliseconds timeout);

}  // namespace outboxd::redis
