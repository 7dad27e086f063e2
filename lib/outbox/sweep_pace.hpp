// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

namespace outboxd {

/// How far to look below the low-water mark, and how often: at what came there lately as often as one likes, at all
/// of it as seldom as it takes long.
class SweepPace {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  using Duration = std::chrono::steady_clock::duration;

  enum class Reach { nothing, lately, all };

  /// Each of the two takes a twentieth of the time at most.
  static constexpr int kRestToWork = 19;

  [[nodiscard]] Reach next(TimePoint now) const {
    if (now >= all_at_) return Reach::all;
    return now >= lately_at_ ? Reach::lately : Reach::nothing;
  }

  /// The look that has ended now took so long.
  void looked(Reach reach, TimePoint now, Duration took) {
    if (reach == Reach::nothing) return;
    (reach == Reach::all ? all_at_ : lately_at_) = now + kRestToWork * took;
  }

 private:
  TimePoint all_at_{};
  TimePoint lately_at_{};
};

}  // namespace outboxd
