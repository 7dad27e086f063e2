// SPDX-License-Identifier: Apache-2.0
// The address from which `outboxd status` fetches pages, and to which it sends the token.
#include "http/get.hpp"
#include "http/listener.hpp"
#include "http/server.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <thread>

using namespace outboxd::http;

TEST_CASE("get: fetches pages from http.listen with the token; for a wildcard address from the loopback") {
  boost::asio::io_context loop{1};
  auto server = std::make_unique<Server>(loop.get_executor(),
                                         ServerOptions{.listen = "127.0.0.1:0", .bearer = "t0ken-of-the-scraper"},
                                         Routes{{"/metrics",
                                                 {.page =
                                                      [] {
                                                        return Page{200, "up 1\n"};
                                                      },
                                                  .guarded = true}},
                                                {"/moved", {.page = [] {
                                                   return Page{302, "elsewhere\n"};
                                                 }}}});
  const auto port = std::to_string(server->port());
  std::thread thread([&loop] { loop.run(); });
  const auto page = [&](const std::string& host, const std::string& path, const std::string& bearer) {
    const auto got = get({.listen = host + ":" + port, .path = path, .bearer = bearer});
    return got.status == 0 ? got.problem : std::to_string(got.status) + " " + got.body;
  };
  CHECK(page("127.0.0.1", "/metrics", "t0ken-of-the-scraper") == "200 up 1\n");
  CHECK(page("0.0.0.0", "/metrics", "t0ken-of-the-scraper") == "200 up 1\n");
  CHECK(page("127.0.0.1", "/metrics", "wrong").starts_with("401 "));
  CHECK(page("127.0.0.1", "/metrics", "").starts_with("401 "));
  CHECK(page("127.0.0.1", "/moved", "") == "302 elsewhere\n");
  CHECK(page("no-such-host.invalid", "/metrics", "t0ken-of-the-scraper").find("Host not found") == 0);
  // Not an address of this machine, so nothing is sent there.
  CHECK(page("203.0.113.1", "/metrics", "t0ken-of-the-scraper") == "that is no address of this machine");
  boost::asio::post(loop, [&server] { server.reset(); });
  thread.join();
}

TEST_CASE("get: which addresses are this machine's") {
  using boost::asio::ip::make_address;
  CHECK(is_of_this_machine(make_address("127.0.0.1")));
  CHECK(is_of_this_machine(make_address("127.1.2.3")));
  CHECK(is_of_this_machine(make_address("::1")));
  CHECK_FALSE(is_of_this_machine(make_address("203.0.113.1")));
  CHECK_FALSE(is_of_this_machine(make_address("2001:db8::1")));
}
