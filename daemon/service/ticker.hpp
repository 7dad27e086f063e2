// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <functional>

namespace outboxd::daemon {

/// Calls a function at regular intervals, for actions that depend only on time, such as reminders in the log.
class Ticker {
 public:
  /// `first` is the time until the first call. `tick` must not throw.
  Ticker(const boost::asio::any_io_executor& executor, std::function<void()> tick,
         std::chrono::microseconds each = std::chrono::seconds{1},
         std::chrono::microseconds first = std::chrono::microseconds{0});

  /// Stops the calls, so that the loop can end.
  void stop() {
    stopped_ = true;
    timer_.cancel();
  }

 private:
  void wait();

  boost::asio::steady_timer timer_;
  std::function<void()> tick_;
  std::chrono::microseconds each_;
  bool stopped_ = false;
};

}  // namespace outboxd::daemon
