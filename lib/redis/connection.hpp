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

/// The result of one pipelined write.
struct Exchange {
  /// One reply for each command, in the commands' order; empty after a failure.
  std::vector<Value> replies;
  /// How many bytes the kernel took; later bytes were never sent.
  std::size_t bytes_sent = 0;
  /// The commands; error messages of the server may echo parts of them.
  std::string sent;
  /// Why there are no replies; empty if every command was answered.
  std::string failure;
  /// The failure is that the replies are larger than the bounds allow; fewer commands, or smaller ones, may succeed.
  bool is_too_large = false;
};

/// One authenticated connection. A failure closes it; open() opens a new one. One call at a time.
class Connection {
 public:
  /// An upper bound of the bytes that exchange() appends to the commands.
  static constexpr std::size_t kRoomForPing = 128;

  Connection(const boost::asio::any_io_executor& executor, Endpoint endpoint, ReplyBounds bounds = {});

  /// Connects, authenticates and selects the database. Returns the reason if that failed.
  boost::asio::awaitable<std::optional<std::string>> open(std::chrono::milliseconds timeout);

  /// Sends `count` encoded commands and reads their replies within the time-out. A PING after them must be answered
  /// last, which shows that each command got exactly one reply. Where PING is refused, nothing_follows() shows it in
  /// another way. If neither does, the exchange has failed, and the connection is closed.
  boost::asio::awaitable<Exchange> exchange(std::string commands, std::size_t count,
                                            std::chrono::milliseconds timeout);

  /// Sets the login for the next open().
  void use_login(std::string username, std::string password);

  void close();
  /// False if the connection is closed, also by the peer. Does not block.
  [[nodiscard]] bool is_usable();

  [[nodiscard]] const Endpoint& endpoint() const { return endpoint_; }
  /// The last open() failed because Redis refuses the user or the password.
  [[nodiscard]] bool is_login_refused() const { return is_login_refused_; }
  /// How many times open() has succeeded.
  [[nodiscard]] std::uint64_t opened() const { return opened_; }

 private:
  boost::asio::awaitable<std::optional<std::string>> handshake(std::chrono::milliseconds timeout);
  boost::asio::awaitable<Exchange> write_and_read(std::string_view commands, std::size_t count, TimePoint deadline);
  boost::asio::awaitable<void> read_replies(Exchange& exchange, std::size_t count, TimePoint deadline);
  [[nodiscard]] std::string next_nonce();
  void append_ping(std::string& out, std::string_view nonce) const;
  /// Whether only this PING can have had this answer.
  [[nodiscard]] bool is_pong(const Value& value, std::string_view nonce) const;
  /// Whether the last of these replies is an error, PING's or a command's, and the server sends nothing after it.
  boost::asio::awaitable<bool> nothing_follows(const std::vector<Value>& replies, TimePoint deadline);

  Endpoint endpoint_;
  ReplyBounds bounds_;
  Socket socket_;
  ReplyReader reader_;
  std::array<char, 64UL * 1024> buffer_{};
  /// PING is sent without an argument, as the server refuses one.
  bool pings_bare_ = false;
  /// The answer to the handshake's PING if it did not echo the argument. Such servers always give this answer, and
  /// never to another command.
  std::optional<Value> pong_;
  std::uint64_t nonce_base_;
  std::uint64_t exchanges_ = 0;
  std::uint64_t opened_ = 0;
  bool is_login_refused_ = false;
};

}  // namespace outboxd::redis
