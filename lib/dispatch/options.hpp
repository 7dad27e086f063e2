// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "outbox/retry_policy.hpp"

#include <chrono>
#include <cstdint>
#include <optional>

namespace outboxd::dispatch {

struct DispatcherOptions {
  std::uint32_t batch_rows = 32;
  /// How far batches may grow while a backlog is worked off; 0: they don't grow.
  std::uint32_t most_batch_rows = 0;
  /// How many rows may be claimed per second; 0: any number.
  std::uint32_t max_rows_per_second = 0;
  std::chrono::milliseconds poll_interval{250};
  /// A batch is not sent when less than this is left of its lease: the write's own time-out, and a margin.
  std::chrono::milliseconds lease_reserve{5'000};
  /// How long after stop() rows in flight may still be published.
  std::chrono::milliseconds shutdown_timeout{10'000};
  std::chrono::milliseconds backoff_min{100};
  std::chrono::milliseconds backoff_max{1'000};
  std::chrono::milliseconds sample_interval{5'000};
  RetryPolicy retry;
  /// End when every row that was due at the start has had its turn.
  bool once = false;
  /// With `once`: outages are waited out until then, and the run ends then at the latest; empty: the first outage
  /// ends the run, which has no time limit.
  std::optional<std::chrono::steady_clock::time_point> once_deadline;
};

}  // namespace outboxd::dispatch
