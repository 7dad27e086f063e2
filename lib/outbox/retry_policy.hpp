// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "outbox/profile.hpp"

#include <chrono>
#include <cstdint>

namespace outboxd {

/// When a failed row is tried again, and when it is given up.
struct RetryPolicy {
  Profile profile = Profile::api;
  std::uint32_t max_attempts = 100;

  /// The delay after the failed attempt number `attempt` (1 for the first); `random` in [0, 1) is its random part.
  /// api: min(60, 2^min(n, 6)) s, plus up to 30 %. coordinator: min(n, 60) s, plus up to 1 s.
  [[nodiscard]] std::chrono::microseconds delay_after(std::uint32_t attempt, double random) const;

  /// Whether the failed attempt number `attempt` was the last one.
  [[nodiscard]] bool exhausted_by(std::uint32_t attempt) const { return attempt >= max_attempts; }
};

}  // namespace outboxd
