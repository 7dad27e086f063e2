// SPDX-License-Identifier: Apache-2.0
#include "daemon/service/signing_metric.hpp"

#include "entry/verify.hpp"

namespace outboxd::daemon {

SigningMetric::SigningMetric(telemetry::Metrics& metrics, const config::Settings& settings)
    : family_{metrics.families().family<prometheus::Gauge>("outboxd_signing_info",
                                                           "Always 1; the labels say whether entries are signed, "
                                                           "with which key (its id), and whether they "
                                                           "have strict signatures.")} {
  set(settings);
}

void SigningMetric::set(const config::Settings& settings) {
  family_.remove(labels_);
  const bool is_signed = !settings.signing_key.empty();
  labels_ = {{"signed", is_signed ? "true" : "false"},
             {"key_id", is_signed ? entry::key_id(settings.signing_key) : ""},
             {"strict", is_signed && settings.strict_signatures ? "true" : "false"}};
  family_.Add(labels_).Set(1);
}

}  // namespace outboxd::daemon
