// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace outboxd {

/// How many rows may be claimed under a limit of rows a second: a token bucket that holds a tenth of a second's rows,
/// so that no burst makes up for a pause.
class RateLimit {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  /// `rows_a_second`: 0 for no limit.
  explicit RateLimit(std::uint32_t rows_a_second)
      : rate_{rows_a_second}, most_{std::max(1.0, static_cast<double>(rows_a_second) / 10)}, tokens_{most_} {}

  /// How many of `wanted` rows may be claimed now; 0: none before available_at().
  [[nodiscard]] std::uint32_t allowed(std::uint32_t wanted, TimePoint now) {
    if (rate_ == 0) return wanted;
    refill(now);
    return std::min(wanted, static_cast<std::uint32_t>(tokens_));
  }

  /// When the next rows may be claimed: a part of the bucket, or `wanted`, at once, so that claims don't shrink to
  /// single rows.
  [[nodiscard]] TimePoint available_at(std::uint32_t wanted) const {
    const auto missing = std::max(0.0, std::min(most_, static_cast<double>(wanted)) - tokens_);
    return last_ + std::chrono::ceil<std::chrono::steady_clock::duration>(
                       std::chrono::duration<double>(missing / static_cast<double>(rate_)));
  }

  void took(std::uint64_t rows) {
    if (rate_ > 0) tokens_ = std::max(0.0, tokens_ - static_cast<double>(rows));
  }

 private:
  void refill(TimePoint now) {
    if (last_ == TimePoint{}) last_ = now;
    const auto passed = std::chrono::duration<double>(now - last_).count();
    tokens_ = std::min(most_, tokens_ + passed * static_cast<double>(rate_));
    last_ = now;
  }

  std::uint32_t rate_;
  double most_;
  double tokens_;
  TimePoint last_{};
};

}  // namespace outboxd
