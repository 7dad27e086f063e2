// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/options.hpp"
#include "outbox/batch_size.hpp"
#include "outbox/rate_limit.hpp"

namespace outboxd::dispatch {

/// How many rows the next claim asks for.
struct ClaimSize {
  explicit ClaimSize(const DispatcherOptions& options)
      : batch{options.batch_rows, options.most_batch_rows}, rate{options.max_rows_per_second} {}

  BatchSize batch;
  RateLimit rate;
};

}  // namespace outboxd::dispatch
