// SPDX-License-Identifier: Apache-2.0
#include "daemon/pulse.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <doctest/doctest.h>

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

}  // namespace outboxd::daemon
