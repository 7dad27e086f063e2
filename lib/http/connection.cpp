// SPDX-License-Identifier: Apache-2.0
#include "http/connection.hpp"

#include <boost/asio/buffer.hpp>
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

/// True for what a client wrote wrongly, as against a client that is gone.
bool is_malformed(const error_code& error) {
  return error.category() == beast_http::make_error_code(beast_http::error::bad_method).category() &&
         error != beast_http::error::end_of_stream && error != beast_http::error::partial_message;
}

Response refusal_of(const error_code& error) {
  const bool too_long = error == beast_http::error::header_limit || error == beast_http::error::buffer_overflow;
  if (too_long) return refusal(beast_http::status::request_header_fields_too_large, "the request header is too long");
  return refusal(beast_http::status::bad_request, "malformed request");
}

}  // namespace

Connection::Connection(asio::ip::tcp::socket socket, std::shared_ptr<const Service> service)
    : stream_(std::move(socket)), service_(std::move(service)) {
  // Answers are written whole, so holding back the last packet gains nothing. A failure costs only latency.
  error_code ignored;
  stream_.socket().set_option(asio::ip::tcp::no_delay(true), ignored);
}

asio::awaitable<void> Connection::serve() {
  bool again = true;
  while (again && !closing_) again = co_await serve_one();
  if (!closing_) co_await linger();
  stream_.close();
}

void Connection::close_when_idle() {
  closing_ = true;
  if (idle_) stream_.close();
}

/// Reads one request and answers it; false when it was the connection's last.
asio::awaitable<bool> Connection::serve_one() {
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
  // A body would be taken for the next request: after one the connection ends.
  const bool has_body = parser.chunked() || parser.content_length().value_or(0) > 0;
  const bool keep_alive = parser.keep_alive() && !has_body;
  auto response = answer_to(parser, has_body);
  response.version(parser.get().version());
  response.keep_alive(keep_alive);
  const bool written = co_await write(std::move(response), parser.get().method() == beast_http::verb::head);
  co_return written&& keep_alive;
}

Response Connection::answer_to(const Parser& parser, bool has_body) const {
  const auto& message = parser.get();
  const auto target = message.target();
  const auto authorization = message[beast_http::field::authorization];
  const Request request{
      message.method(), {target.data(), target.size()}, {authorization.data(), authorization.size()}, has_body};
  return answer(request, service_->routes, service_->bearer);
}

/// False when the client didn't take it in time, or is gone.
asio::awaitable<bool> Connection::write(Response response, bool head) {
  idle_ = false;
  error_code error;
  stream_.expires_after(service_->deadline);
  beast_http::response_serializer<beast_http::string_body> serializer(response);
  // The header keeps the length that GET would have had.
  if (head) {
    co_await beast_http::async_write_header(stream_, serializer, asio::redirect_error(asio::use_awaitable, error));
  } else {
    co_await beast_http::async_write(stream_, serializer, asio::redirect_error(asio::use_awaitable, error));
  }
  idle_ = true;
  co_return !error;
}

/// Says that nothing more comes, and reads on until the client has seen it: closing with bytes unread makes the
/// kernel send a reset, which can destroy the answer on its way.
asio::awaitable<void> Connection::linger() {
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
