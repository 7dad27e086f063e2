// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/ports.hpp"

#include <boost/asio/steady_timer.hpp>

namespace outboxd::dispatch {

/// Wakes the one coroutine that waits for it. It stays set until a wait takes it, so that no wake-up is lost.
class AutoResetEvent {
 public:
  explicit AutoResetEvent(const boost::asio::any_io_executor& executor) : timer_{executor} {}

  /// Ends the present wait, or the next one at once.
  void set() {
    is_set_ = true;
    timer_.cancel();
  }

  /// Unsets it: the next wait does not end at once.
  void reset() { is_set_ = false; }

 private:
  friend class Clock;
  friend class SystemClock;
  friend class VirtualClock;

  boost::asio::steady_timer timer_;
  bool is_set_ = false;
};

/// No moment: a wait until then ends only when the event is set.
inline constexpr TimePoint kUntilSet = TimePoint::max();

/// Time, as the dispatcher sees it: the real one, or the tests' own.
class Clock {
 public:
  Clock() = default;
  Clock(const Clock&) = delete;
  Clock& operator=(const Clock&) = delete;
  virtual ~Clock() = default;

  [[nodiscard]] virtual TimePoint now() const = 0;

  /// Waits until `until` or until the event is set, and resets it; true when it was set. One waiter an event.
  virtual Awaitable<bool> wait(AutoResetEvent& event, TimePoint until) = 0;
};

/// std::chrono::steady_clock on the event loop.
class SystemClock final : public Clock {
 public:
  [[nodiscard]] TimePoint now() const override { return std::chrono::steady_clock::now(); }
  Awaitable<bool> wait(AutoResetEvent& event, TimePoint until) override;
};

}  // namespace outboxd::dispatch
