// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/ports.hpp"
#include "telemetry/dispatcher/series.hpp"

namespace outboxd::telemetry {

/// Old published rows that were removed.
class RetentionMetrics final : public dispatch::Observer {
 public:
  explicit RetentionMetrics(const DispatcherSeries& series)
      : pruned_{
            series.counter("outboxd_pruned_total", "Published rows removed, as they were older than retention.")} {}

  void pruned(const dispatch::PruneStep& step) override { pruned_.Increment(static_cast<double>(step.rows)); }

 private:
  prometheus::Counter& pruned_;
};

}  // namespace outboxd::telemetry
