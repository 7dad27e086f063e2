// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>
#include <utility>

namespace outboxd {

/// How long to wait after a sample of the whole table before the next one. Where counting takes long it is done less
/// often, but often enough that the last figures aren't mistaken for current ones.
class SamplePace {
 public:
  using Duration = std::chrono::steady_clock::duration;

  /// Counting takes a twentieth of the time, as long as the figures stay fresh.
  static constexpr int kRestToWork = 19;
  /// Together with the sample itself this stays below the two minutes after which an alert on stale figures fires.
  static constexpr std::chrono::seconds kLongestRest{60};

  explicit SamplePace(Duration interval) : interval_{interval} {}

  /// Called after a sample that took this long. A sample that failed because the server was unreachable cost it
  /// nothing, however long the answer was waited for. A single slow sample may have waited for a server, or a
  /// process, that stood still.
  [[nodiscard]] Duration rest_after(Duration took, bool out_of_reach) {
    if (out_of_reach) took = Duration{0};
    const auto usual = std::min(took, std::exchange(last_took_, took));
    return std::max<Duration>(interval_, std::min<Duration>(kRestToWork * usual, kLongestRest));
  }

 private:
  Duration interval_;
  Duration last_took_{0};
};

}  // namespace outboxd
