// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "daemon/service/signing_state.hpp"
#include "telemetry/log_rate_limiter.hpp"
#include "telemetry/metrics.hpp"
#include "telemetry/readiness.hpp"

#include <prometheus/gauge.h>

#include <chrono>

namespace outboxd::daemon {

/// Reports on `/readyz` with which key entries are signed; and a missing key each hour in the log, and as the metric
/// `outboxd_unsigned`.
class SigningNotice {
 public:
  SigningNotice(telemetry::Metrics& metrics, telemetry::Readiness& readiness, const SigningState& signing);

  /// To be called when the key may have changed.
  void set(const SigningState& signing);

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
