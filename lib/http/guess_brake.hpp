// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>

namespace outboxd::http {

/// Slows those who guess at the bearer token. After five wrong ones, every token waits for a second before it is
/// looked at, the right one too: else those who hang up early would learn from an answer that is merely late. It
/// lasts until the wrong ones have been fewer than one a second for a while, a minute at most after they have ended.
class GuessBrake {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  /// How long to wait before a token is looked at.
  [[nodiscard]] std::chrono::milliseconds delay(TimePoint now) const {
    return recent_at(now) < kFree ? std::chrono::milliseconds{0} : std::chrono::milliseconds{1'000};
  }

  /// A token was wrong.
  void wrong(TimePoint now) {
    recent_ = std::min(recent_at(now) + 1, kMost);
    last_ = now;
  }

 private:
  static constexpr double kFree = 5;
  static constexpr double kMost = 60;

  /// Wrong ones; one is forgotten each second.
  [[nodiscard]] double recent_at(TimePoint now) const {
    return std::max(0.0, recent_ - std::chrono::duration<double>(now - last_).count());
  }

  double recent_ = 0;
  TimePoint last_;
};

}  // namespace outboxd::http
