// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "telemetry/log_rate_limiter.hpp"
#include "telemetry/metrics.hpp"
#include "telemetry/readiness.hpp"

#include <prometheus/gauge.h>

#include <chrono>

namespace outboxd::daemon {

/// Reports a missing signing key, and so unsigned entries: each hour in the log, on `/readyz`, and as the metric
/// `outboxd_unsigned`.
class UnsignedNotice {
 public:
  UnsignedNotice(telemetry::Metrics& metrics, telemetry::Readiness& readiness, bool is_unsigned);

  /// To be called when a key may have been set or removed.
  void set(bool is_unsigned);

  /// To be called each second.
  void tick(telemetry::LogRateLimiter::TimePoint now = std::chrono::steady_clock::now());

 private:
  telemetry::Readiness& readiness_;
  prometheus::Gauge& gauge_;
  bool is_unsigned_ = false;
  bool has_begun_ = false;
  telemetry::LogRateLimiter hourly_{std::chrono::hours{1}};
};

}  // namespace outboxd::daemon
