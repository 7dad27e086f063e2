// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>
#include <utility>

namespace outboxd {

/// How long to wait after a look at the whole table before the next one. Where counting takes long it is done less
/// often, but never so seldom that the last figures are taken for those of now.
class SamplePace {
 public:
  using Duration = std::chrono::steady_clock::duration;

  /// Counting takes a twentieth of the time, as long as that keeps the figures fresh.
  static constexpr int kRestToWork = 19;
  /// Together with the sample itself this stays below the two minutes after which an alert on old figures fires.
  static constexpr std::chrono::seconds kLongestRest{60};

  explicit SamplePace(Duration interval) : interval_{interval} {}

  /// After a sample that took so long. One for which the server was out of reach cost it nothing, however long its
  /// answer was waited for. One that alone took long may have waited for a server, or a process, that stood still.
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
