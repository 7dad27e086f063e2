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
#include <string_view>
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
  /// What exchange() adds to the commands has room in so many bytes.
  static constexpr std::size_t kRoomForPing = 128;

  Connection(const boost::asio::any_io_executor& executor, Endpoint endpoint);

  /// Connects, authenticates and selects the database. Returns why that failed, or nothing.
  boost::asio::awaitable<std::optional<std::string>> open(std::chrono::milliseconds timeout);

  /// Sends the commands (already encoded, `count` of them) and reads their replies, all within the time-out. A PING
  /// behind them has to be answered last, or what came is shown to be all in other ways: otherwise the replies are
  /// not those of the commands, one for each, and the connection is closed.
  boost::asio::awaitable<Exchange> exchange(std::string commands, std::size_t count,
                                            std::chrono::milliseconds timeout);

  /// From the next open() on.
  void use_login(std::string username, std::string password);

  void close();
  /// False also when the peer has closed in the meantime. Does not block.
  [[nodiscard]] bool is_usable();

  [[nodiscard]] const Endpoint& endpoint() const { return endpoint_; }

 private:
  boost::asio::awaitable<std::optional<std::string>> handshake(std::chrono::milliseconds timeout);
  boost::asio::awaitable<Exchange> write_and_read(std::string_view commands, std::size_t count, TimePoint deadline);
  boost::asio::awaitable<void> read_replies(Exchange& exchange, std::size_t count, TimePoint deadline);
  [[nodiscard]] std::string next_nonce();
  void append_ping(std::string& out, std::string_view nonce) const;
  /// Whether it can be nothing but the answer to this PING.
  [[nodiscard]] bool is_pong(const Value& value, std::string_view nonce) const;
  /// Whether these replies, whose last may be PING's refusal or a command's, are all that there were.
  boost::asio::awaitable<bool> nothing_follows(const std::vector<Value>& replies, TimePoint deadline);

  Endpoint endpoint_;
  Socket socket_;
  ReplyReader reader_;
  std::array<char, 64UL * 1024> buffer_{};
  /// PING is sent without anything that it could bring back.
  bool pings_bare_ = false;
  /// What the greeting's PING was answered with, unless that was what it brought: always the same, and no command's
  /// answer.
  std::optional<Value> pong_;
  std::uint64_t nonce_base_;
  std::uint64_t exchanges_ = 0;
};

}  // namespace outboxd::redis
