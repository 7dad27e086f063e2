// SPDX-License-Identifier: Apache-2.0
#include "http/get.hpp"

#include "http/listener.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include <exception>

namespace outboxd::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;

constexpr std::uint64_t kLargestPage = 16ULL << 20U;

ListenAddress address_to_ask(const std::string& listen) {
  auto address = parse_listen_address(listen);
  if (address.host == "0.0.0.0") address.host = "127.0.0.1";
  if (address.host == "::") address.host = "::1";
  return address;
}

asio::awaitable<void> fetch(const GetOptions& options, std::optional<std::string>& page) {
  const auto address = address_to_ask(options.listen);
  beast::tcp_stream stream{co_await asio::this_coro::executor};
  stream.expires_after(options.timeout);
  asio::ip::tcp::resolver resolver{stream.get_executor()};
  const auto endpoints = co_await resolver.async_resolve(address.host, address.port, asio::use_awaitable);
  co_await stream.async_connect(endpoints, asio::use_awaitable);
  beast::http::request<beast::http::empty_body> request{beast::http::verb::get, options.path, 11};
  request.set(beast::http::field::host, address.host);
  request.set(beast::http::field::connection, "close");
  if (!options.bearer.empty()) request.set(beast::http::field::authorization, "Bearer " + options.bearer);
  co_await beast::http::async_write(stream, request, asio::use_awaitable);
  beast::flat_buffer buffer;
  beast::http::response_parser<beast::http::string_body> parser;
  parser.body_limit(kLargestPage);
  co_await beast::http::async_read(stream, buffer, parser, asio::use_awaitable);
  if (parser.get().result() == beast::http::status::ok) page = parser.get().body();
}

}  // namespace

std::optional<std::string> get(const GetOptions& options) {
  std::optional<std::string> page;
  asio::io_context loop{1};
  // Whatever goes wrong, there is no page.
  asio::co_spawn(loop, fetch(options, page), asio::detached);
  loop.run();
  return page;
}

}  // namespace outboxd::http
