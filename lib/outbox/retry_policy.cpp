// SPDX-License-Identifier: Apache-2.0
#include "outbox/retry_policy.hpp"

#include <algorithm>

namespace outboxd {
namespace {

constexpr std::uint32_t kLongestDelaySeconds = 60;

std::chrono::microseconds seconds(double count) {
  return std::chrono::microseconds{static_cast<std::int64_t>(count * 1e6)};
}

}  // namespace

std::chrono::microseconds RetryPolicy::delay_after(std::uint32_t attempt, double random) const {
  if (profile == Profile::coordinator) return seconds(std::min(attempt, kLongestDelaySeconds) + random);
  const double base = std::min(kLongestDelaySeconds, 1U << std::min(attempt, 6U));
  return seconds(base * (1.0 + 0.3 * random));
}

}  // namespace outboxd
