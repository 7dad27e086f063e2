// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "outbox/token_bucket.hpp"

#include <algorithm>
#include <cstdint>

namespace outboxd {

/// How many rows may be claimed under a limit of rows a second: a token bucket that holds a tenth of a second's rows,
/// so that no burst makes up for a pause.
class RateLimit {
 public:
  using TimePoint = TokenBucket::TimePoint;

  /// `rows_a_second`: 0 for no limit.
  explicit RateLimit(std::uint32_t rows_a_second)
      : rate_{rows_a_second},
        bucket_{static_cast<double>(rows_a_second), std::max(1.0, static_cast<double>(rows_a_second) / 10)} {}

  /// How many of `wanted` rows may be claimed now; 0: none before available_at().
  [[nodiscard]] std::uint32_t allowed(std::uint32_t wanted, TimePoint now) {
    if (rate_ == 0) return wanted;
    return std::min(wanted, static_cast<std::uint32_t>(bucket_.refill(now)));
  }

  /// When the next rows may be claimed: a part of the bucket, or `wanted`, at once, so that claims don't shrink to
  /// single rows.
  [[nodiscard]] TimePoint available_at(std::uint32_t wanted) const { return bucket_.available_at(wanted); }

  void took(std::uint64_t rows) {
    if (rate_ > 0) bucket_.take(static_cast<double>(rows));
  }

 private:
  std::uint32_t rate_;
  TokenBucket bucket_;
};

}  // namespace outboxd
