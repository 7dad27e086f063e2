// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "redis/endpoint.hpp"
#include "redis/lookup.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/system/error_code.hpp>

#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace outboxd::redis {

using TimePoint = std::chrono::steady_clock::time_point;

/// The result of a read or write.
struct Transfer {
  boost::system::error_code error;
  std::size_t bytes = 0;
};

/// A stream socket, TCP or Unix, whose operations have deadlines: at the deadline an operation is cancelled and
/// reports asio::error::timed_out. One operation at a time.
class Socket {
 public:
  explicit Socket(const boost::asio::any_io_executor& executor) : socket_{executor} {}

  /// Tries every address of the host in turn.
  boost::asio::awaitable<boost::system::error_code> connect(const Endpoint& endpoint, TimePoint deadline);
  boost::asio::awaitable<Transfer> write_all(std::string_view bytes, TimePoint deadline);
  boost::asio::awaitable<Transfer> read_some(std::span<char> buffer, TimePoint deadline);

  /// Ends the sending side (TCP half-close); the peer's remaining bytes can still be read.
  void end_sending();
  void close();
  [[nodiscard]] bool is_open() const { return socket_.is_open(); }
  /// Whether the peer has closed or sent unexpected bytes, so that the connection can't be used any more. Does not
  /// block.
  [[nodiscard]] bool is_stale();

 private:
  class Deadline;

  boost::asio::awaitable<boost::system::error_code> connect_to(
      boost::asio::generic::stream_protocol::endpoint address, TimePoint deadline);

  boost::asio::generic::stream_protocol::socket socket_;
  /// A look-up that has not ended yet.
  std::shared_ptr<Lookup> lookup_;
};

}  // namespace outboxd::redis
