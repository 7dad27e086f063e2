// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "telemetry/line_rate.hpp"
#include "telemetry/metrics.hpp"
#include "telemetry/readiness.hpp"

#include <prometheus/gauge.h>

#include <chrono>

namespace outboxd::daemon {

/// Says of a process without a signing key that its entries go out unsigned: in the log at its start and each hour,
/// on
/// `/readyz`, and as `outboxd_unsigned`.
class UnsignedNotice {
 public:
  UnsignedNotice(telemetry::Metrics& metrics, telemetry::Readiness& readiness, bool is_unsigned);

  /// A key was set, or taken away.
  void set(bool is_unsigned);

  /// Time goes by.
  void beat(telemetry::LineRate::TimePoint now = std::chrono::steady_clock::now());

 private:
  telemetry::Readiness& readiness_;
  prometheus::Gauge& gauge_;
  bool is_unsigned_ = false;
  bool has_begun_ = false;
  telemetry::LineRate hourly_{std::chrono::hours{1}};
};

}  // namespace outboxd::daemon
