// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/auto_reset_event.hpp"

#include <algorithm>
#include <map>

namespace outboxd::dispatch {

/// Time that passes only when all coroutines wait: advance() jumps to the next moment for which one of them does.
class VirtualClock final : public Clock {
 public:
  [[nodiscard]] TimePoint now() const override { return now_; }
  Awaitable<bool> wait(AutoResetEvent& event, TimePoint until) override;

  /// False when no coroutine waits for a moment.
  bool advance();
  /// The moment that advance() would jump to; the end of time when no coroutine waits.
  [[nodiscard]] TimePoint next() const { return waiting_.empty() ? TimePoint::max() : waiting_.begin()->first; }
  /// Jumps to a moment that is not after next().
  void jump(TimePoint when) { now_ = std::max(now_, when); }

 private:
  TimePoint now_{std::chrono::hours{1}};
  std::multimap<TimePoint, AutoResetEvent*> waiting_;
};

}  // namespace outboxd::dispatch
