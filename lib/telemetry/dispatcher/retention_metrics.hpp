// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/ports.hpp"
#include "telemetry/dispatcher/series.hpp"

namespace outboxd::telemetry {

/// Old published rows that were removed.
class RetentionMetrics final : public dispatch::Observer {
 public:
  explicit RetentionMetrics(const DispatcherSeries& series)
      : pruned_{series.counter("outboxd_pruned_total", "Published rows removed, as they were older than retention.")},
        completed_at_{series.gauge("outboxd_prune_completed_timestamp_seconds",
                                   "When all published rows older than retention were last removed; 0: never.")} {}

  void pruned(const dispatch::PruneStep& step) override {
    pruned_.Increment(static_cast<double>(step.rows));
    if (step.state == dispatch::PruneStep::State::complete) completed_at_.SetToCurrentTime();
  }

 private:
  prometheus::Counter& pruned_;
  prometheus::Gauge& completed_at_;
};

}  // namespace outboxd::telemetry
