// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "redis/endpoint.hpp"
#include "redis/resp.hpp"
#include "redis/socket.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace outboxd::redis {

/// What came back for the commands of one pipelined write.
struct Exchange {
  /// In the order of the commands; fewer than there were commands when the connection failed.
  std::vector<Value> replies;
  /// How many bytes of the commands the kernel took; what lies beyond was never sent.
  std::size_t bytes_sent = 0;
  /// Why it ended early; empty when every command was answered.
  std::string failure;
};

/// One authenticated connection. After a failure it is closed and open() starts afresh. One call at a time.
class Connection {
 public:
  Connection(const boost::asio::any_io_executor& executor, Endpoint endpoint);

  /// Connects, authenticates and selects the database. Returns why that failed, or nothing.
  boost::asio::awaitable<std::optional<std::string>> open(std::chrono::milliseconds timeout);

  /// Sends the commands (already encoded, `count` of them) and reads their replies, all within the time-out.
  boost::asio::awaitable<Exchange> exchange(const std::string& commands, std::size_t count,
                                            std::chrono::milliseconds timeout);

  void close();
  /// False also when the peer has closed in the meantime. Does not block.
  [[nodiscard]] bool is_usable();

  [[nodiscard]] const Endpoint& endpoint() const { return endpoint_; }

 private:
  boost::asio::awaitable<std::optional<std::string>> handshake(std::chrono::milliseconds timeout);
  boost::asio::awaitable<void> read_replies(Exchange& exchange, std::size_t count, TimePoint deadline);

  Endpoint endpoint_;
  Socket socket_;
  ReplyReader reader_;
  std::array<char, 64UL * 1024> buffer_{};
};

}  // namespace outboxd::redis
