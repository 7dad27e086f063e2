// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "outbox/token_bucket.hpp"

namespace outboxd {

/// How often commits may be asked to wake the dispatcher: a token bucket. Commits that notify wait for each other: a
/// few a second are no burden, many would be.
class WakeUpBudget {
 public:
  using TimePoint = TokenBucket::TimePoint;

  static constexpr double kPerSecond = 200;
  static constexpr double kMost = 10;

  /// A wake-up has come. False when there were too many lately.
  [[nodiscard]] bool take(TimePoint now) {
    bucket_.refill(now);
    return bucket_.take(1) >= 1;
  }

  /// Whether to ask for wake-ups again after take() has returned false.
  [[nodiscard]] bool allows(TimePoint now) { return bucket_.refill(now) >= kMost / 2; }

 private:
  TokenBucket bucket_{kPerSecond, kMost};
};

}  // namespace outboxd
