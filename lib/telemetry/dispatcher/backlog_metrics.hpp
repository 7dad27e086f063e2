// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/observer.hpp"
#include "telemetry/dispatcher/series.hpp"

#include <chrono>
#include <map>
#include <optional>
#include <string>

namespace outboxd::telemetry {

/// The table's figures, as of the last sample.
class BacklogMetrics final : public dispatch::Observer {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  /// Samples are at most a minute apart, so that older figures are of failed ones: they are unknown.
  static constexpr std::chrono::seconds kStale{120};

  explicit BacklogMetrics(const DispatcherSeries& series);

  void sampled(const dispatch::BacklogSample& sample) override;
  /// The gauges keep their values for a while: otherwise an alert on them would end with each short outage, and fire
  /// again after it.
  void sample_failed(std::string_view /*reason*/) override { failures_.Increment(); }

  /// To be called about once a second: figures that are too old become NaN.
  void beat(TimePoint now);

 private:
  void forget();

  /// By their names without outboxd_: the figures of a sample, and which counts may be larger.
  std::map<std::string, prometheus::Gauge*, std::less<>> figures_;
  std::map<std::string, prometheus::Gauge*, std::less<>> capped_;
  prometheus::Gauge& timestamp_;
  prometheus::Counter& failures_;
  /// A sample came since the last beat.
  bool is_new_ = false;
  std::optional<TimePoint> sampled_at_;
};

}  // namespace outboxd::telemetry
