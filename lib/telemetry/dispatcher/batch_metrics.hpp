// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/observer.hpp"
#include "telemetry/dispatcher/series.hpp"

namespace outboxd::telemetry {

/// How many rows a batch has, and how long each of its steps takes.
class BatchMetrics final : public dispatch::Observer {
 public:
  explicit BatchMetrics(const DispatcherSeries& series);

  void claimed(std::size_t rows, std::chrono::nanoseconds took) override;
  void wrote(std::size_t entries, std::chrono::nanoseconds took) override;
  void settled(std::size_t rows, std::size_t leases_lost, std::chrono::nanoseconds took) override;

 private:
  prometheus::Counter& claimed_;
  prometheus::Counter& leases_lost_;
  prometheus::Histogram& batch_rows_;
  prometheus::Histogram& claim_seconds_;
  prometheus::Histogram& publish_seconds_;
  prometheus::Histogram& settle_seconds_;
};

}  // namespace outboxd::telemetry
