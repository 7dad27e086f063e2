// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>

namespace outboxd {

/// How often commits may be asked to wake the dispatcher: a token bucket. Commits that notify wait for each other: a
/// few a second are no burden, many would be.
class WakeUpBudget {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  static constexpr double kPerSecond = 200;
  static constexpr double kMost = 10;

  /// A wake-up has come. False when there were too many lately.
  [[nodiscard]] bool take(TimePoint now) {
    refill(now);
    tokens_ = std::max(0.0, tokens_ - 1);
    return tokens_ >= 1;
  }

  /// Whether to ask for wake-ups again after take() has returned false.
  [[nodiscard]] bool allows(TimePoint now) {
    refill(now);
    return tokens_ >= kMost / 2;
  }

 private:
  void refill(TimePoint now) {
    if (last_ == TimePoint{}) last_ = now;
    const auto passed = std::chrono::duration<double>(now - last_).count();
    tokens_ = std::min(kMost, tokens_ + passed * kPerSecond);
    last_ = now;
  }

  double tokens_ = kMost;
  TimePoint last_{};
};

}  // namespace outboxd
