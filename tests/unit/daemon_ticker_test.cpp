// SPDX-License-Identifier: Apache-2.0
#include "daemon/service/ticker.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <doctest/doctest.h>

#include <chrono>
#include <functional>

namespace outboxd::daemon {

TEST_CASE("ticker: after stop() the loop ends, also if a tick called it") {
  boost::asio::io_context loop{1};
  int ticks = 0;
  std::function<void()> stop;
  Ticker ticker{loop.get_executor(), [&] {
                  ++ticks;
                  stop();
                }};
  stop = [&ticker] { ticker.stop(); };
  loop.run();
  CHECK(ticks == 1);
}

TEST_CASE("ticker: it ticks repeatedly, and not before the interval is over") {
  boost::asio::io_context loop{1};
  const auto began = std::chrono::steady_clock::now();
  auto first_at = began;
  int ticks = 0;
  std::function<void()> stop;
  Ticker ticker{loop.get_executor(),
                [&] {
                  if (ticks++ == 0) first_at = std::chrono::steady_clock::now();
                  if (ticks == 3) stop();
                },
                std::chrono::milliseconds{1}, std::chrono::milliseconds{5}};
  stop = [&ticker] { ticker.stop(); };
  loop.run();
  CHECK(ticks == 3);
  CHECK(first_at - began >= std::chrono::milliseconds{5});
}

}  // namespace outboxd::daemon
