// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>

namespace outboxd {

/// A token bucket : it is full at the start and fills at a constant rate.
class TokenBucket {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  TokenBucket(double per_second, double most) : per_second_{per_second}, most_{most}, tokens_{most} {}

  /// Adds what has come in since the last call, and returns how many tokens there are.
  double refill(TimePoint now) {
    if (last_ == TimePoint{}) last_ = now;
    tokens_ = std::min(most_, tokens_ + std::chrono::duration<double>(now - last_).count() * per_second_);
    last_ = now;
    return tokens_;
  }

  /// Takes tokens, or all of them if there are fewer; returns how many are left.
  double take(double tokens) {
    tokens_ = std::max(0.0, tokens_ - tokens);
    return tokens_;
  }

  /// When there are this many tokens, or the bucket is full, if none is taken.
  [[nodiscard]] TimePoint available_at(double tokens) const {
    const auto missing = std::max(0.0, std::min(most_, tokens) - tokens_);
    return last_ + std::chrono::ceil<std::chrono::steady_clock::duration>(
                       std::chrono::duration<double>(missing / per_second_));
  }

 private:
  double per_second_;
  double most_;
  double tokens_;
  TimePoint last_{};
};

}  // namespace outboxd
