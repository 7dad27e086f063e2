// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/observer.hpp"
#include "telemetry/dispatcher/series.hpp"

#include <vector>

namespace outboxd::telemetry {

/// How many rows a batch has, how long each of its steps takes, and when the last ones were.
class BatchMetrics final : public dispatch::Observer {
 public:
  explicit BatchMetrics(const DispatcherSeries& series);

  void claimed(std::size_t rows, std::chrono::nanoseconds took) override;
  void wrote(std::size_t entries, std::chrono::nanoseconds took) override;
  void reached_streams(std::span<const std::chrono::nanoseconds> latencies) override;
  void settled(std::size_t rows, std::size_t leases_lost, std::chrono::nanoseconds took) override;

 private:
  prometheus::Counter& claimed_;
  prometheus::Counter& leases_lost_;
  prometheus::Histogram& batch_rows_;
  prometheus::Histogram& claim_seconds_;
  prometheus::Histogram& publish_seconds_;
  prometheus::Histogram& settle_seconds_;
  prometheus::Histogram& latency_;
  prometheus::Gauge& last_claim_;
  prometheus::Gauge& last_publish_;
  prometheus::Gauge& last_settle_;
  /// A write's latencies, by bucket; a member, so that its memory is used again.
  std::vector<double> in_buckets_;
};

}  // namespace outboxd::telemetry
