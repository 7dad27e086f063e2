// SPDX-License-Identifier: Apache-2.0
#include "http/connection.hpp"

#include "http/framing.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/network_v6.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>

#include <array>
#include <utility>

namespace outboxd::http {

namespace asio = boost::asio;
namespace beast_http = boost::beast::http;
using boost::system::error_code;

namespace {

/// True for a malformed request, false for a client that is gone.
bool is_malformed(const error_code& error) {
  return error.category() == beast_http::make_error_code(beast_http::error::bad_method).category() &&
         error != beast_http::error::end_of_stream && error != beast_http::error::partial_message;
}

/// The address in IPv4; in IPv6 the /64 prefix, which providers give to one customer.
std::string network_of(const asio::ip::address& address) {
  constexpr unsigned short kBits = 64;
  if (address.is_v4() || address.to_v6().is_v4_mapped()) return address.to_string();
  return asio::ip::make_network_v6(address.to_v6(), kBits).canonical().to_string();
}

Response refusal_of(const error_code& error) {
  const bool too_long = error == beast_http::error::header_limit || error == beast_http::error::buffer_overflow;
  if (too_long) return refusal(beast_http::status::request_header_fields_too_large, "the request header is too long");
  return refusal(beast_http::status::bad_request, "malformed request");
}

}  // namespace

Connection::Connection(asio::ip::tcp::socket socket, std::shared_ptr<Service> service)
    : stream_(std::move(socket)), held_(stream_.get_executor()), service_(std::move(service)) {
  error_code ignored;
  // Answers are written whole, so holding back the last packet gains nothing. A failure costs only latency.
  stream_.socket().set_option(asio::ip::tcp::no_delay(true), ignored);
  const auto address = stream_.socket().remote_endpoint(ignored).address();
  peer_ = address.to_string();
  network_ = network_of(address);
  begin(Activity::reading);
}

asio::awaitable<void> Connection::serve() {
  bool again = true;
  while (again && !closing_) again = co_await serve_one();
  if (!closing_ && written_) co_await linger();
  stream_.close();
}

void Connection::close() {
  closing_ = true;
  held_.cancel();
  stream_.close();
}

void Connection::close_when_idle() {
  closing_ = true;
  if (slot_.activity != Activity::writing) close();
}

void Connection::begin(Activity activity) {
  slot_ = {activity, std::chrono::steady_clock::now()};
}

/// Reads one request and answers it; returns false after the connection's last request.
asio::awaitable<bool> Connection::serve_one() {
  begin(Activity::reading);
  has_page_ = false;
  Parser parser;
  parser.header_limit(kMaxHeaderBytes);
  error_code error;
  stream_.expires_after(service_->deadline);
  co_await beast_http::async_read_header(stream_, buffer_, parser, asio::redirect_error(asio::use_awaitable, error));
  if (closing_ || (error && !is_malformed(error))) co_return false;
  if (error) {
    co_await write(refusal_of(error), false);
    co_return false;
  }
  if (const auto fault = framing_fault(parser.get())) {
    co_await write(refusal(*fault, "the end of the request is ambiguous"), false);
    co_return false;
  }
  // The body is not read and would be taken for the next request, so the connection ends after it.
  const bool has_body = parser.chunked() || parser.content_length().value_or(0) > 0;
  const bool keep_alive = parser.keep_alive() && !has_body && ++requests_ < service_->max_requests;
  auto response = co_await answer_to(parser, has_body);
  if (closing_) co_return false;
  response.version(parser.get().version());
  response.keep_alive(keep_alive);
  const bool written = co_await write(std::move(response), parser.get().method() == beast_http::verb::head);
  co_return written&& keep_alive;
}

asio::awaitable<Response> Connection::answer_to(const Parser& parser, bool has_body) {
  const auto& message = parser.get();
  const auto target = message.target();
  const auto authorization = message[beast_http::field::authorization];
  const Request request{
      message.method(), {target.data(), target.size()}, {authorization.data(), authorization.size()}, has_body};
  if (!is_probe(request, service_->routes)) {
    service_->page_is_asked_for();
    has_page_ = true;
  }
  const bool shows = shows_token(request, service_->routes, service_->bearer);
  if (shows) co_await hold(service_->limiters.delay(network_, std::chrono::steady_clock::now()));
  if (closing_) co_return Response{};
  auto response = answer(request, service_->routes, service_->bearer);
  if (shows && response.result() == beast_http::status::unauthorized) {
    service_->limiters.wrong(network_, std::chrono::steady_clock::now());
    service_->wrong_token(peer_);
  }
  co_return response;
}

asio::awaitable<void> Connection::hold(std::chrono::milliseconds time) {
  if (time.count() == 0) co_return;
  begin(Activity::held);
  error_code ended_early;
  held_.expires_after(time);
  co_await held_.async_wait(asio::redirect_error(asio::use_awaitable, ended_early));
}

/// Returns false when the client didn't take the answer in time, or is gone.
asio::awaitable<bool> Connection::write(Response response, bool head) {
  begin(Activity::writing);
  error_code error;
  // One deadline for the whole answer, so that a client that reads it byte by byte is cut off as well.
  stream_.expires_after(service_->deadline);
  beast_http::response_serializer<beast_http::string_body> serializer(response);
  // As HTTP requires, the header of HEAD has the length that GET would have.
  if (head) {
    co_await beast_http::async_write_header(stream_, serializer, asio::redirect_error(asio::use_awaitable, error));
  } else {
    co_await beast_http::async_write(stream_, serializer, asio::redirect_error(asio::use_awaitable, error));
  }
  written_ = !error;
  co_return written_;
}

/// Ends the sending side and reads on until the client has closed: if the socket were closed with unread bytes, the
/// kernel would send a reset, which can destroy the answer before the client reads it.
asio::awaitable<void> Connection::linger() {
  begin(Activity::lingering);
  error_code error;
  stream_.socket().shutdown(asio::ip::tcp::socket::shutdown_send, error);
  stream_.expires_after(service_->deadline);
  constexpr std::size_t kMostBytes = 1 << 20;
  std::array<char, 4096> discarded{};
  std::size_t bytes = 0;
  while (!error && bytes < kMostBytes) {
    const std::size_t read =
        co_await stream_.async_read_some(asio::buffer(discarded), asio::redirect_error(asio::use_awaitable, error));
    bytes += read;
  }
}

}  // namespace outboxd::http
