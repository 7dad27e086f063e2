// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>

namespace outboxd {

/// How long to wait between claims that find fewer rows than they ask for, where commits could wake the dispatcher
/// and just can't at the moment.
class PollPace {
 public:
  using Duration = std::chrono::steady_clock::duration;

  static constexpr Duration kShortest = std::chrono::milliseconds{1};
  /// While rows keep coming.
  static constexpr Duration kLongestBesideWriters = std::chrono::milliseconds{100};
  static constexpr int kRestToWork = 8;

  explicit PollPace(Duration poll_interval) : longest_{poll_interval} {}

  /// There were rows, and it took so long to claim them: claims of few rows each must not take the writers' share of
  /// Postgres, so the busier it is, the longer the wait.
  [[nodiscard]] Duration after_rows(Duration work) {
    next_ = std::min(std::clamp(kRestToWork * work, kShortest, kLongestBesideWriters), longest_);
    return next_;
  }

  /// There were none: ever longer, up to the poll interval.
  [[nodiscard]] Duration after_none() {
    const auto now = std::min(next_, longest_);
    next_ = std::min(2 * now, longest_);
    return now;
  }

  void begin_short() { next_ = kShortest; }

 private:
  Duration longest_;
  Duration next_ = kShortest;
};

}  // namespace outboxd
