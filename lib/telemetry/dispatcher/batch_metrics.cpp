// SPDX-License-Identifier: Apache-2.0
#include "telemetry/dispatcher/batch_metrics.hpp"

#include <algorithm>

namespace outboxd::telemetry {
namespace {

const prometheus::Histogram::BucketBoundaries kSeconds{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
                                                       0.1,    0.25,  0.5,    1,     2.5,  5,     10};
const prometheus::Histogram::BucketBoundaries kRows{1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000};
const prometheus::Histogram::BucketBoundaries kLatencies{0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1,
                                                         2.5,    5,     10,   30,    60,   300, 1800, 7200};

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
          series.histogram("outboxd_settle_seconds", "Time to write the outcomes of one batch.", kSeconds)},
      latency_{series.histogram("outboxd_commit_to_entry_seconds",
                                "From the time from which a row was due, or its creation if that is later or the row "
                                "was tried before, to Redis' reply to its entry.",
                                kLatencies)},
      last_claim_{series.gauge("outboxd_last_claim_timestamp_seconds",
                               "When the last claim succeeded, even one that found nothing; 0: never.")},
      last_publish_{series.gauge("outboxd_last_publish_timestamp_seconds",
                                 "When Redis last took an entry, in seconds since 1970; 0: never.")},
      last_settle_{series.gauge("outboxd_last_settle_timestamp_seconds",
                                "When outcomes were last written, in seconds since 1970; 0: never.")},
      in_buckets_(kLatencies.size() + 1) {}

void BatchMetrics::claimed(std::size_t rows, std::chrono::nanoseconds took) {
  claimed_.Increment(static_cast<double>(rows));
  claim_seconds_.Observe(in_seconds(took));
  last_claim_.Set(unix_seconds_now());
  // Idle polls would outnumber the batches.
  if (rows > 0) batch_rows_.Observe(static_cast<double>(rows));
}

void BatchMetrics::wrote(std::size_t /*entries*/, std::chrono::nanoseconds took) {
  publish_seconds_.Observe(in_seconds(took));
}

void BatchMetrics::reached_streams(std::span<const std::chrono::nanoseconds> latencies) {
  last_publish_.Set(unix_seconds_now());
  if (latencies.empty()) return;
  std::ranges::fill(in_buckets_, 0.0);
  double sum = 0;
  for (const auto latency : latencies) {
    const double seconds = std::max(0.0, in_seconds(latency));
    sum += seconds;
    const auto bucket = std::ranges::lower_bound(kLatencies, seconds) - kLatencies.begin();
    in_buckets_[static_cast<std::size_t>(bucket)] += 1;
  }
  latency_.ObserveMultiple(in_buckets_, sum);
}

void BatchMetrics::settled(std::size_t rows, std::size_t leases_lost, std::chrono::nanoseconds took) {
  settle_seconds_.Observe(in_seconds(took));
  leases_lost_.Increment(static_cast<double>(leases_lost));
  if (rows > 0) last_settle_.Set(unix_seconds_now());
}

}  // namespace outboxd::telemetry
