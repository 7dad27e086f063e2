// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

namespace outboxd {

/// When to report that queries over the whole index are slow, and when that they are quick again. On a busy machine
/// they may be slow and quick in turns, so one such pair of reports a minute has to do.
class SlowScans {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  using Duration = std::chrono::steady_clock::duration;

  enum class News { none, slow, quick };

  /// A query that takes longer is slow.
  static constexpr std::chrono::milliseconds kSlow{20};
  /// One or two slow queries may only have come while the machine was busy.
  static constexpr int kInARow = 3;
  static constexpr std::chrono::minutes kSayAgain{1};

  /// A query that has ended now took this long.
  News looked(TimePoint now, Duration took) {
    if (took < kSlow) {
      in_a_row_ = 0;
      const bool was_said = is_said_;
      is_said_ = false;
      return was_said ? News::quick : News::none;
    }
    if (++in_a_row_ < kInARow || now < say_again_at_) return News::none;
    say_again_at_ = now + kSayAgain;
    is_said_ = true;
    return News::slow;
  }

 private:
  int in_a_row_ = 0;
  bool is_said_ = false;
  TimePoint say_again_at_{};
};

}  // namespace outboxd
