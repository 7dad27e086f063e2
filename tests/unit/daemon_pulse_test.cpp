// SPDX-License-Identifier: Apache-2.0
#include "daemon/pulse.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <doctest/doctest.h>

#include <chrono>
#include <functional>

namespace outboxd::daemon {

TEST_CASE("pulse: once it is stopped the loop ends, also where a beat was under way") {
  boost::asio::io_context loop{1};
  int beats = 0;
  std::function<void()> stop;
  Pulse pulse{loop.get_executor(), [&] {
                ++beats;
                stop();
              }};
  stop = [&pulse] { pulse.stop(); };
  loop.run();
  CHECK(beats == 1);
}

TEST_CASE("pulse: it beats again and again, and no sooner than is said") {
  boost::asio::io_context loop{1};
  const auto began = std::chrono::steady_clock::now();
  auto first_at = began;
  int beats = 0;
  std::function<void()> stop;
  Pulse pulse{loop.get_executor(),
              [&] {
                if (beats++ == 0) first_at = std::chrono::steady_clock::now();
                if (beats == 3) stop();
              },
              std::chrono::milliseconds{1}, std::chrono::milliseconds{5}};
  stop = [&pulse] { pulse.stop(); };
  loop.run();
  CHECK(beats == 3);
  CHECK(first_at - began >= std::chrono::milliseconds{5});
}

}  // namespace outboxd::daemon
