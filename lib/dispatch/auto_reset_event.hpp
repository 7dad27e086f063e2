// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/ports.hpp"

#include <boost/asio/steady_timer.hpp>

namespace outboxd::dispatch {

/// Lets other coroutines end the wait of one coroutine. An event that is set before the wait is not lost.
class AutoResetEvent {
 public:
  explicit AutoResetEvent(const boost::asio::any_io_executor& executor) : timer_{executor} {}

  /// Ends the present wait, or the next one at once.
  void set() {
    is_set_ = true;
    timer_.cancel();
  }

  /// Drops an earlier set(), so that it does not end the next wait.
  void reset() { is_set_ = false; }

 private:
  friend class Clock;
  friend class SystemClock;
  friend class VirtualClock;

  boost::asio::steady_timer timer_;
  bool is_set_ = false;
};

/// A time that never comes: a wait until then ends only when its event is set.
inline constexpr TimePoint kUntilSet = TimePoint::max();

/// The dispatcher's view of time: the real clock, or a clock that a test controls.
class Clock {
 public:
  Clock() = default;
  Clock(const Clock&) = delete;
  Clock& operator=(const Clock&) = delete;
  virtual ~Clock() = default;

  [[nodiscard]] virtual TimePoint now() const = 0;

  /// Waits until `until` or until the event is set; true when it was. An event has one waiter at a time.
  virtual Awaitable<bool> wait(AutoResetEvent& event, TimePoint until) = 0;
};

/// std::chrono::steady_clock on the event loop.
class SystemClock final : public Clock {
 public:
  [[nodiscard]] TimePoint now() const override { return std::chrono::steady_clock::now(); }
  Awaitable<bool> wait(AutoResetEvent& event, TimePoint until) override;
};

}  // namespace outboxd::dispatch
