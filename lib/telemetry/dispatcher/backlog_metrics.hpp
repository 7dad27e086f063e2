// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/observer.hpp"
#include "telemetry/dispatcher/series.hpp"

namespace outboxd::telemetry {

/// The table's figures, as of the last sample.
class BacklogMetrics final : public dispatch::Observer {
 public:
  explicit BacklogMetrics(const DispatcherSeries& series);

  void sampled(const dispatch::BacklogSample& sample) override;
  /// The gauges keep their values: otherwise an alert on them would end with each outage, and fire again after it.
  void sample_failed(std::string_view /*reason*/) override { failures_.Increment(); }

 private:
  prometheus::Gauge& pending_rows_;
  prometheus::Gauge& due_rows_;
  prometheus::Gauge& delayed_rows_;
  prometheus::Gauge& oldest_pending_age_;
  prometheus::Gauge& dead_rows_;
  prometheus::Gauge& locked_rows_;
  prometheus::Gauge& timestamp_;
  prometheus::Counter& failures_;
};

}  // namespace outboxd::telemetry
