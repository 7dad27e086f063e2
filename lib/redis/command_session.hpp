// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "redis/connection.hpp"
#include "redis/endpoint.hpp"
#include "redis/resp.hpp"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <initializer_list>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace outboxd::redis {

/// The replies to a call are over the session's bounds. The connection is closed.
struct RepliesTooLarge : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// For looks at streams: the answers have whole entries, and grow with groups and consumers.
inline constexpr ReplyBounds kBoundsOfLooks{
    .bytes = 64UL << 20U, .items = 1UL << 20U, .bytes_of_exchange = 128UL << 20U};

/// With this begins the error reply that ask() makes of an answer over the bounds.
inline constexpr std::string_view kOverBounds = "OVERBOUNDS ";

/// A connection for commands of the command line, which have no event loop. Each call blocks until the server has
/// answered, at most for the time-out. An error reply is a value; a connection that fails is a std::runtime_error
/// that names the server. Not for the daemon's event loop.
class CommandSession {
 public:
  using Command = std::vector<std::string>;

  /// Connects, authenticates and selects the database. `timeout`: for this and for each call.
  CommandSession(Endpoint endpoint, std::chrono::milliseconds timeout, ReplyBounds bounds = {});

  /// Sends one command, and returns the reply to it.
  Value call(std::initializer_list<std::string_view> arguments);
  /// Sends the commands in one write, and returns a reply for each, in their order.
  std::vector<Value> call_all(std::span<const Command> commands);

  /// The same for commands that only read: an answer over the bounds becomes an error reply, and the session goes on.
  Value ask(const Command& command);
  std::vector<Value> ask_all(std::span<const Command> commands);

  [[nodiscard]] const Endpoint& endpoint() const { return connection_.endpoint(); }

 private:
  void open();
  std::vector<Value> exchange(std::string commands, std::size_t count);

  boost::asio::io_context context_{1};
  Connection connection_;
  ReplyBounds bounds_;
  std::chrono::milliseconds timeout_;
};

}  // namespace outboxd::redis
