// SPDX-License-Identifier: Apache-2.0
#include "telemetry/dispatcher/backlog_metrics.hpp"

#include <limits>

namespace outboxd::telemetry {

BacklogMetrics::BacklogMetrics(const DispatcherSeries& series)
    : pending_rows_{series.gauge("outboxd_pending_rows",
                                 "Rows neither published nor dead, at the last sample; counting stops at a cap.")},
      due_rows_{series.gauge("outboxd_due_rows", "Pending rows that could be claimed at the last sample.")},
      delayed_rows_{
          series.gauge("outboxd_delayed_rows", "Pending rows not due yet and never tried, at the last sample.")},
      oldest_pending_age_{
          series.gauge("outboxd_oldest_pending_age_seconds",
                       "The lag: for how long the row that has waited longest had been due at the last sample; one "
                       "that was tried before counts from its creation; 0 when none is due.")},
      dead_rows_{
          series.gauge("outboxd_dead_rows", "Dead rows in the table at the last sample; counting stops at a cap.")},
      locked_rows_{series.gauge("outboxd_locked_rows",
                                "Rows due for more than ten seconds that claims pass over, as other transactions "
                                "keep them locked, at the last sample; counting stops at 100.")},
      timestamp_{series.gauge("outboxd_sample_timestamp_seconds",
                              "When the table was last sampled, in seconds since 1970; 0 when it never was.")},
      failures_{series.counter("outboxd_sample_failures_total",
                               "Samples of the table that failed; the gauges keep the values of the last one.")} {
  // Figures that were never sampled are unknown: 0 would mean that all is well.
  for (auto* sampled : {&pending_rows_, &due_rows_, &delayed_rows_, &dead_rows_, &oldest_pending_age_}) {
    sampled->Set(std::numeric_limits<double>::quiet_NaN());
  }
}

void BacklogMetrics::sampled(const dispatch::BacklogSample& sample) {
  pending_rows_.Set(static_cast<double>(sample.pending));
  due_rows_.Set(static_cast<double>(sample.due));
  delayed_rows_.Set(static_cast<double>(sample.delayed));
  oldest_pending_age_.Set(in_seconds(sample.oldest_pending.value_or(std::chrono::milliseconds(0))));
  dead_rows_.Set(static_cast<double>(sample.dead));
  locked_rows_.Set(static_cast<double>(sample.locked.rows));
  timestamp_.Set(in_seconds(std::chrono::system_clock::now().time_since_epoch()));
}

}  // namespace outboxd::telemetry
