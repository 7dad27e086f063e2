// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "http/answer.hpp"
#include "http/route.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

namespace outboxd::http {

inline constexpr std::size_t kMaxHeaderBytes = 8192;

/// What every connection of one server shares.
struct Service {
  Routes routes;
  std::string bearer;
  /// For reading a whole request, and again for writing a whole answer.
  std::chrono::steady_clock::duration deadline;
};

/// One client, from accept to close. Used on the event loop only.
class Connection {
 public:
  Connection(boost::asio::ip::tcp::socket socket, std::shared_ptr<const Service> service);

  /// Serves requests until the client leaves, errs, falls silent or `close…()` is called. Client errors end it
  /// quietly. The caller keeps this object alive meanwhile.
  boost::asio::awaitable<void> serve();

  /// True while no request is in hand and closing would take no answer from anyone.
  [[nodiscard]] bool idle() const { return idle_ && !closing_; }

  /// Ends at once if idle, else after the answer being written.
  void close_when_idle();

 private:
  using Parser = boost::beast::http::request_parser<boost::beast::http::empty_body>;

  boost::asio::awaitable<bool> serve_one();
  boost::asio::awaitable<bool> write(Response response, bool head);
  boost::asio::awaitable<void> linger();
  [[nodiscard]] Response answer_to(const Parser& parser, bool has_body) const;

  boost::beast::tcp_stream stream_;
  boost::beast::flat_buffer buffer_{kMaxHeaderBytes};
  std::shared_ptr<const Service> service_;
  bool idle_ = true;
  bool closing_ = false;
};

}  // namespace outboxd::http
