// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>
#include <utility>

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

  /// The look that has ended now took so long. One that alone took long may have waited for a server, or a process,
  /// that stood still.
  void looked(Reach reach, TimePoint now, Duration took) {
    if (reach == Reach::nothing) return;
    auto& last_took = reach == Reach::all ? all_took_ : lately_took_;
    const auto usual = std::min(took, std::exchange(last_took, took));
    (reach == Reach::all ? all_at_ : lately_at_) = now + kRestToWork * usual;
  }

 private:
  TimePoint all_at_{}, lately_at_{};
  Duration all_took_{0}, lately_took_{0};
};

}  // namespace outboxd
