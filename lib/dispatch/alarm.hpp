// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/ports.hpp"

#include <boost/asio/steady_timer.hpp>

namespace outboxd::dispatch {

/// What one coroutine waits on, and what others end its wait with. A ring that comes before the wait is not lost.
class Alarm {
 public:
  explicit Alarm(const boost::asio::any_io_executor& executor) : timer_{executor} {}

  /// Ends the present wait, or the next one at once.
  void ring() {
    rung_ = true;
    timer_.cancel();
  }

  /// A ring that came before is not kept for the next wait.
  void forget() { rung_ = false; }

 private:
  friend class Clock;
  friend class SystemClock;
  friend class VirtualClock;

  boost::asio::steady_timer timer_;
  bool rung_ = false;
};

/// No moment: a wait until then ends only when the alarm rings.
inline constexpr TimePoint kUntilItRings = TimePoint::max();

/// Time, as the dispatcher sees it: the real one, or the tests' own.
class Clock {
 public:
  Clock() = default;
  Clock(const Clock&) = delete;
  Clock& operator=(const Clock&) = delete;
  virtual ~Clock() = default;

  [[nodiscard]] virtual TimePoint now() const = 0;

  /// Waits until `until` or until the alarm rings; true when it rang. One waiter an alarm.
  virtual Awaitable<bool> wait(Alarm& alarm, TimePoint until) = 0;
};

/// std::chrono::steady_clock on the event loop.
class SystemClock final : public Clock {
 public:
  [[nodiscard]] TimePoint now() const override { return std::chrono::steady_clock::now(); }
  Awaitable<bool> wait(Alarm& alarm, TimePoint until) override;
};

}  // namespace outboxd::dispatch
