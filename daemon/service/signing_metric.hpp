// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/settings.hpp"
#include "telemetry/metrics.hpp"

namespace outboxd::daemon {

/// `outboxd_signing_info`: whether entries are signed, and with which key, by its id, which doesn't reveal it.
class SigningMetric {
 public:
  SigningMetric(telemetry::Metrics& metrics, const config::Settings& settings);

  /// To be called when the key may have changed.
  void set(const config::Settings& settings);

 private:
  telemetry::Family<prometheus::Gauge>& family_;
  prometheus::Labels labels_;
};

}  // namespace outboxd::daemon
