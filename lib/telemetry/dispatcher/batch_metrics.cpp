// SPDX-License-Identifier: Apache-2.0
#include "telemetry/dispatcher/batch_metrics.hpp"

namespace outboxd::telemetry {
namespace {

const prometheus::Histogram::BucketBoundaries kSeconds{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
                                                       0.1,    0.25,  0.5,    1,     2.5,  5,     10};
const prometheus::Histogram::BucketBoundaries kRows{1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000};

}  // namespace

BatchMetrics::BatchMetrics(const DispatcherSeries& series)
    : claimed_{series.counter("outboxd_claimed_total",
                              "Rows claimed; each ends published, retried, dead or released.")},
      leases_lost_{series.counter("outboxd_leases_lost_total",
                                  "Outcomes not written because another worker held the row by then.")},
      batch_rows_{series.histogram("outboxd_batch_rows", "Rows of a claim that found any.", kRows)},
      claim_seconds_{
          series.histogram("outboxd_claim_seconds", "Time of one claim, empty claims included.", kSeconds)},
      publish_seconds_{
          series.histogram("outboxd_publish_seconds", "Time of one pipelined write with all its replies.", kSeconds)},
      settle_seconds_{
          series.histogram("outboxd_settle_seconds", "Time to write the outcomes of one batch.", kSeconds)} {}

void BatchMetrics::claimed(std::size_t rows, std::chrono::nanoseconds took) {
  claimed_.Increment(static_cast<double>(rows));
  claim_seconds_.Observe(in_seconds(took));
  // Idle polls would outnumber the batches.
  if (rows > 0) batch_rows_.Observe(static_cast<double>(rows));
}

void BatchMetrics::wrote(std::size_t /*entries*/, std::chrono::nanoseconds took) {
  publish_seconds_.Observe(in_seconds(took));
}

void BatchMetrics::settled(std::size_t /*rows*/, std::size_t leases_lost, std::chrono::nanoseconds took) {
  settle_seconds_.Observe(in_seconds(took));
  leases_lost_.Increment(static_cast<double>(leases_lost));
}

}  // namespace outboxd::telemetry
