// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>
#include <utility>

namespace outboxd {

/// How far to look below the low-water mark, and how often: recent rows as often as one likes, all rows the less
/// often the longer that takes.
class SweepPace {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  using Duration = std::chrono::steady_clock::duration;

  enum class Reach { nothing, lately, all };

  /// Each of the two takes at most a twentieth of the time.
  static constexpr int kRestToWork = 19;

  [[nodiscard]] Reach next(TimePoint now) const {
    if (now >= all_at_) return Reach::all;
    return now >= lately_at_ ? Reach::lately : Reach::nothing;
  }

  /// The sweep that has ended now took this long. A single slow sweep may have waited for a server, or a process,
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
