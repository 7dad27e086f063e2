// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>
#include <utility>

namespace outboxd {

/// How long to rest after work that is repeated, so that it takes at most a part of the time, by default a
/// twentieth. A single slow run may have waited for a server, or a process, that stood still; so the quicker one of
/// the last two counts.
class RestAfterWork {
 public:
  using Duration = std::chrono::steady_clock::duration;

  static constexpr int kRestToWork = 19;

  explicit RestAfterWork(int rest_to_work = kRestToWork) : rest_to_work_{rest_to_work} {}

  /// Called after work that took this long.
  [[nodiscard]] Duration after(Duration took) {
    return rest_to_work_ * std::min(took, std::exchange(last_took_, took));
  }

 private:
  int rest_to_work_;
  Duration last_took_{0};
};

}  // namespace outboxd
