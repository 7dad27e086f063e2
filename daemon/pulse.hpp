// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <functional>

namespace outboxd::daemon {

/// Calls a function again and again, for all that happens by time alone, such as reminders in the log.
class Pulse {
 public:
  /// `first`: until the first call. `beat` must not throw.
  Pulse(const boost::asio::any_io_executor& executor, std::function<void()> beat,
        std::chrono::microseconds each = std::chrono::seconds{1},
        std::chrono::microseconds first = std::chrono::microseconds{0});

  /// No more calls, so that the loop can end.
  void stop() {
    stopped_ = true;
    timer_.cancel();
  }

 private:
  void wait();

  boost::asio::steady_timer timer_;
  std::function<void()> beat_;
  std::chrono::microseconds each_;
  bool stopped_ = false;
};

}  // namespace outboxd::daemon
