// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "outbox/rest_after_work.hpp"

#include <algorithm>
#include <chrono>

namespace outboxd {

/// How long to wait after a sample of the whole table before the next one. Where counting takes long it is done less
/// often, but often enough that the last figures aren't mistaken for current ones.
class SamplePace {
 public:
  using Duration = std::chrono::steady_clock::duration;

  /// A sample takes at most a hundredth of the time, as long as that leaves it a minute at most.
  static constexpr int kRestToSample = 99;
  /// Together with the sample itself this stays below the two minutes after which an alert on stale figures fires.
  static constexpr std::chrono::seconds kLongestRest{60};

  explicit SamplePace(Duration interval) : interval_{interval} {}

  /// Called after a sample that took this long. A sample that failed because the server was unreachable cost it
  /// nothing, however long the answer was waited for.
  [[nodiscard]] Duration rest_after(Duration took, bool out_of_reach) {
    if (out_of_reach) took = Duration{0};
    return std::max<Duration>(interval_, std::min<Duration>(rest_.after(took), kLongestRest));
  }

 private:
  Duration interval_;
  RestAfterWork rest_{kRestToSample};
};

}  // namespace outboxd
