// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "redis/bounds.hpp"
#include "redis/connection.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <string>
#include <vector>

namespace outboxd::redis {

/// For the daemon's connection: a stream may have 5,000 consumer groups. As no more than five streams are asked for
/// in one exchange, the answers take at most 25 MiB of memory, for a moment.
inline constexpr ReplyBounds kBoundsOfDaemon{.bytes = 1UL << 20U, .items = 1UL << 16U};

/// The result of look_at_streams().
struct StreamLook {
  /// One warning for each stream whose next XADD trims unread entries.
  std::vector<std::string> warnings;
  /// Why the check cost the connection; empty if it didn't.
  std::string failure;
};

/// Compares the streams' lengths and their groups' lags with the bounds. If the server refuses the commands, there is
/// no warning. A stream whose answer is over the connection's bounds is left out, and costs no more than a new
/// connection.
boost::asio::awaitable<StreamLook> look_at_streams(Connection& connection, std::vector<std::string> streams,
                                                   Bounds bounds, std::chrono::milliseconds timeout);

}  // namespace outboxd::redis
