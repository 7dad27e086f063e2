// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>

namespace outboxd {

/// Doubling delays between two bounds, each shortened at random by up to a half, so that many instances that lost the
/// same server do not come back in step.
class Backoff {
 public:
  Backoff(std::chrono::milliseconds shortest, std::chrono::milliseconds longest)
      : shortest_{shortest}, longest_{std::max(shortest, longest)}, next_{shortest} {}

  /// The delay before the next try; `random` in [0, 1).
  std::chrono::microseconds next(double random) {
    const auto whole = next_;
    next_ = std::min(next_ * 2, longest_);
    return std::chrono::duration_cast<std::chrono::microseconds>(whole * (1.0 - random / 2));
  }

  void reset() { next_ = shortest_; }

 private:
  std::chrono::milliseconds shortest_;
  std::chrono::milliseconds longest_;
  std::chrono::milliseconds next_;
};

}  // namespace outboxd
