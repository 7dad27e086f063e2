// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>

namespace outboxd {

/// How much of the lease a claim leaves to its rows. The lease begins when the claim is sent: a slow claim uses it
/// up.
struct LeaseRoom {
  using TimePoint = std::chrono::steady_clock::time_point;
  using Duration = TimePoint::duration;

  TimePoint asked;
  TimePoint arrived;
  TimePoint ends;
  /// How many rows the claim brought.
  std::size_t rows = 0;

  /// The last moment at which a write that may take as long as `write` may begin: early enough to end with the lease,
  /// but no earlier than halfway between the rows' arrival and the lease's end, so that a slow claim does not keep
  /// all its rows from being sent. A single row may be sent as long as any of the lease is left.
  [[nodiscard]] TimePoint send_by(Duration write) const {
    if (rows <= 1) return ends;
    return ends - std::clamp((ends - arrived) / 2, Duration::zero(), write);
  }

  /// Whether a claim of twice as many rows would still have left half of the lease.
  [[nodiscard]] bool suffices() const { return ends - asked >= 4 * (arrived - asked); }
};

}  // namespace outboxd
