// SPDX-License-Identifier: Apache-2.0
#include "http/get.hpp"

#include "http/listener.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/system/system_error.hpp>

#include <exception>
#include <stdexcept>
#include <utility>

namespace outboxd::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;

using asio::ip::tcp;

constexpr std::uint64_t kLargestPage = 16ULL << 20U;

tcp::endpoint at_loopback_if_any(tcp::endpoint endpoint) {
  if (!endpoint.address().is_unspecified()) return endpoint;
  if (endpoint.address().is_v4()) return {asio::ip::address_v4::loopback(), endpoint.port()};
  return {asio::ip::address_v6::loopback(), endpoint.port()};
}

tcp::endpoint endpoint_to_ask(const asio::any_io_executor& executor, const std::string& listen) {
  const auto address = parse_listen_address(listen);
  tcp::resolver resolver{executor};
  const auto found =
      resolver.resolve(address.host, address.port, tcp::resolver::passive | tcp::resolver::numeric_service);
  for (const auto& entry : found) {
    auto endpoint = at_loopback_if_any(entry.endpoint());
    // The daemon runs on this machine. An address of another machine belongs to another program, which must not get
    // the token.
    if (is_of_this_machine(endpoint.address())) return endpoint;
  }
  throw std::runtime_error("that is no address of this machine");
}

asio::awaitable<void> fetch(const GetOptions& options, Got& got) {
  beast::tcp_stream stream{co_await asio::this_coro::executor};
  stream.expires_after(options.timeout);
  const auto endpoint = endpoint_to_ask(stream.get_executor(), options.listen);
  co_await stream.async_connect(endpoint, asio::use_awaitable);
  beast::http::request<beast::http::empty_body> request{beast::http::verb::get, options.path, 11};
  request.set(beast::http::field::host, endpoint.address().to_string());
  request.set(beast::http::field::connection, "close");
  if (!options.bearer.empty()) request.set(beast::http::field::authorization, "Bearer " + options.bearer);
  co_await beast::http::async_write(stream, request, asio::use_awaitable);
  beast::flat_buffer buffer;
  beast::http::response_parser<beast::http::string_body> parser;
  parser.body_limit(kLargestPage);
  co_await beast::http::async_read(stream, buffer, parser, asio::use_awaitable);
  got = {.status = parser.get().result_int(), .body = std::move(parser.get().body())};
}

std::string reason_of(const std::exception& error, const GetOptions& options) {
  const auto* system = dynamic_cast<const boost::system::system_error*>(&error);
  if (system == nullptr) return error.what();
  if (system->code() == beast::error::timeout) {
    return "no answer within " + std::to_string(options.timeout.count()) + " ms";
  }
  static const auto& kOfHttp = beast::http::make_error_code(beast::http::error::bad_version).category();
  if (system->code().category() == kOfHttp) return "the program that answers there speaks no HTTP";
  return system->code().message();
}

}  // namespace

Got get(const GetOptions& options) {
  Got got;
  asio::io_context loop{1};
  asio::co_spawn(loop, fetch(options, got), [&](const std::exception_ptr& failed) {
    try {
      if (failed) std::rethrow_exception(failed);
    } catch (const std::exception& error) {
      got = {.problem = reason_of(error, options)};
    }
  });
  loop.run();
  return got;
}

}  // namespace outboxd::http
