// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "http/answer.hpp"
#include "http/connection_slots.hpp"
#include "http/guess_limiter.hpp"
#include "http/route.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

namespace outboxd::http {

inline constexpr std::size_t kMaxHeaderBytes = 8192;

/// The state that all connections of one server share.
struct Service {
  Routes routes;
  std::string bearer;
  /// The time to read a whole request, and again to write a whole answer.
  std::chrono::steady_clock::duration deadline{};
  /// A connection is closed after this many requests.
  std::size_t max_requests = 0;
  /// Called for each wrong bearer token, with the client's address.
  std::function<void(const std::string& peer)> wrong_token{};
  GuessLimiters limiters{};
  /// Called for each request for a page that is no probe, to keep the reserved slots free for probes.
  std::function<void()> page_is_asked_for{};
};

/// One client, from accept to close. Used on the event loop only.
class Connection {
 public:
  Connection(boost::asio::ip::tcp::socket socket, std::shared_ptr<Service> service);

  /// Serves requests until the client leaves, makes an error, is idle for too long or has sent `max_requests`, or
  /// until `close…()` is called. Client errors are not logged. The caller keeps this object alive meanwhile.
  boost::asio::awaitable<void> serve();

  /// Its state, and when that began.
  [[nodiscard]] const Slot& slot() const { return slot_; }

  /// True while it serves a page that is no probe.
  [[nodiscard]] bool has_page() const { return has_page_; }

  /// True from the first call of `close…()` on.
  [[nodiscard]] bool closing() const { return closing_; }

  /// Closes at once, in any state.
  void close();

  /// Closes at once, or after the answer that is being written.
  void close_when_idle();

 private:
  using Parser = boost::beast::http::request_parser<boost::beast::http::empty_body>;

  boost::asio::awaitable<bool> serve_one();
  boost::asio::awaitable<Response> answer_to(const Parser& parser, bool has_body);
  boost::asio::awaitable<void> hold(std::chrono::milliseconds time);
  boost::asio::awaitable<bool> write(Response response, bool head);
  boost::asio::awaitable<void> linger();
  void begin(Activity activity);

  boost::beast::tcp_stream stream_;
  boost::asio::steady_timer held_;
  boost::beast::flat_buffer buffer_{kMaxHeaderBytes};
  std::shared_ptr<Service> service_;
  /// The client's address, and its network: its address in IPv4, its /64 prefix in IPv6.
  std::string peer_;
  std::string network_;
  Slot slot_;
  std::size_t requests_ = 0;
  bool has_page_ = false;
  bool closing_ = false;
  /// The last answer was written completely.
  bool written_ = true;
};

}  // namespace outboxd::http
