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
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace outboxd::redis {

/// What came back for the commands of one pipelined write.
struct Exchange {
  /// In the order of the commands; none unless there is one for each.
  std::vector<Value> replies;
  /// How many bytes of the commands the kernel took; what lies beyond was never sent.
  std::size_t bytes_sent = 0;
  /// The commands, which errors may echo.
  std::string sent;
  /// Why there are none; empty when every command was answered.
  std::string failure;
};

/// One authenticated connection. After a failure it is closed and open() starts afresh. One call at a time.
class Connection {
 public:
  Connection(const boost::asio::any_io_executor& executor, Endpoint endpoint);

  /// Connects, authenticates and selects the database. Returns why that failed, or nothing.
  boost::asio::awaitable<std::optional<std::string>> open(std::chrono::milliseconds timeout);

  /// Sends the commands (already encoded, `count` of them) and reads their replies, all within the time-out. A PING
  /// behind them has to be answered last: otherwise the replies are not those of the commands, one for each, and the
  /// connection is closed.
  boost::asio::awaitable<Exchange> exchange(std::string commands, std::size_t count,
                                            std::chrono::milliseconds timeout);

  void close();
  /// False also when the peer has closed in the meantime. Does not block.
  [[nodiscard]] bool is_usable();

  [[nodiscard]] const Endpoint& endpoint() const { return endpoint_; }

 private:
  boost::asio::awaitable<std::optional<std::string>> handshake(std::chrono::milliseconds timeout);
  boost::asio::awaitable<void> read_replies(Exchange& exchange, std::size_t count, TimePoint deadline);
  [[nodiscard]] std::string next_nonce();
  /// Whether what came last is the answer to the PING behind the commands.
  [[nodiscard]] bool ends_in_step(const std::vector<Value>& replies, const std::string& nonce) const;

  Endpoint endpoint_;
  Socket socket_;
  ReplyReader reader_;
  std::array<char, 64UL * 1024> buffer_{};
  /// The server returns what a PING brings; others, and users without the right to it, say something else.
  bool echoes_ = false;
  std::uint64_t nonce_base_;
  std::uint64_t exchanges_ = 0;
};

}  // namespace outboxd::redis
