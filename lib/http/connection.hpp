// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "http/answer.hpp"
#include "http/guess_brake.hpp"
#include "http/places.hpp"
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

/// What every connection of one server shares.
struct Service {
  Routes routes;
  std::string bearer;
  /// For reading a whole request, and again for writing a whole answer.
  std::chrono::steady_clock::duration deadline{};
  /// After so many a connection ends.
  std::size_t max_requests = 0;
  /// Called for each wrong bearer token, with the address that it came from.
  std::function<void(const std::string& peer)> wrong_token{};
  GuessBrakes brakes{};
  /// Called when a page that is no probe is asked for: sees to it that it leaves places for probes.
  std::function<void()> page_is_asked_for{};
};

/// One client, from accept to close. Used on the event loop only.
class Connection {
 public:
  Connection(boost::asio::ip::tcp::socket socket, std::shared_ptr<Service> service);

  /// Serves requests until the client leaves, errs, falls silent, has had its number of them, or `close…()` is
  /// called. Client errors end it quietly. The caller keeps this object alive meanwhile.
  boost::asio::awaitable<void> serve();

  /// What it is about, and since when.
  [[nodiscard]] const Occupant& occupant() const { return occupant_; }

  /// True while it is about a page that is no probe.
  [[nodiscard]] bool has_page() const { return has_page_; }

  /// True from the moment it was told to close.
  [[nodiscard]] bool closing() const { return closing_; }

  /// Ends at once, whatever it is about.
  void close();

  /// Ends at once, or after the answer being written.
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
  /// The client's address, and the network whose clients may be one and the same.
  std::string peer_;
  std::string network_;
  Occupant occupant_;
  std::size_t requests_ = 0;
  bool has_page_ = false;
  bool closing_ = false;
  /// The client has taken all that was written.
  bool written_ = true;
};

}  // namespace outboxd::http
