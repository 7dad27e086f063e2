// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "outbox/rest_after_work.hpp"

#include <chrono>

namespace outboxd {

/// How far to look below the low-water mark, and how often: recent rows as often as one likes, all rows the less
/// often the longer that takes.
class SweepPace {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  using Duration = std::chrono::steady_clock::duration;

  enum class Reach { nothing, lately, all };

  [[nodiscard]] Reach next(TimePoint now) const {
    if (now >= all_at_) return Reach::all;
    return now >= lately_at_ ? Reach::lately : Reach::nothing;
  }

  /// The sweep that has ended now took this long.
  void looked(Reach reach, TimePoint now, Duration took) {
    if (reach == Reach::nothing) return;
    if (reach == Reach::all) {
      all_at_ = now + all_.after(took);
    } else {
      lately_at_ = now + lately_.after(took);
    }
  }

 private:
  TimePoint all_at_{}, lately_at_{};
  RestAfterWork all_{}, lately_{};
};

}  // namespace outboxd
