// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>

namespace outboxd {

/// What a claim has left of its rows' lease. A lease begins when its claim is sent, so that a slow claim uses it up.
struct LeaseRoom {
  using TimePoint = std::chrono::steady_clock::time_point;
  using Duration = TimePoint::duration;

  TimePoint asked;
  TimePoint arrived;
  TimePoint ends;
  /// How many rows the claim brought.
  std::size_t rows = 0;

  /// The last moment at which rows may begin to be sent, where a write may take as long as `write`: so early that it
  /// ends with the lease, but no earlier than halfway between the rows' arrival and the lease's end, so that a slow
  /// claim does not keep all rows back for ever. A row alone may be sent for as long as any lease is left.
  [[nodiscard]] TimePoint send_by(Duration write) const {
    if (rows <= 1) return ends;
    return ends - std::clamp((ends - arrived) / 2, Duration::zero(), write);
  }

  /// A claim of twice as many rows would still have left half of the lease.
  [[nodiscard]] bool suffices() const { return ends - asked >= 4 * (arrived - asked); }
};

}  // namespace outboxd
