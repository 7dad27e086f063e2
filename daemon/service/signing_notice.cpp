// SPDX-License-Identifier: Apache-2.0
#include "daemon/service/signing_notice.hpp"

#include <prometheus/registry.h>
#include <spdlog/spdlog.h>

#include <utility>

namespace outboxd::daemon {
namespace {

constexpr const char* kText =
    "entries go out unsigned: no signing key is set (STREAMS_HMAC_KEY or STREAMS_HMAC_KEY_FILE); consumers in a "
    "published mode (rc, stable) drop what isn't signed, and acknowledge it, so that it is lost to them";

}  // namespace

SigningNotice::SigningNotice(telemetry::Metrics& metrics, telemetry::Readiness& readiness,
                             const SigningState& signing)
    : readiness_{readiness},
      gauge_{prometheus::BuildGauge()
                 .Name("outboxd_unsigned")
                 .Help("1 if no signing key is set, so that entries are unsigned.")
                 .Register(metrics.registry())
                 .Add({})} {
  set(signing);
}

void SigningNotice::set(const SigningState& signing) {
  is_unsigned_ = signing.key_id.empty();
  gauge_.Set(is_unsigned_ ? 1 : 0);
  readiness_.note("signing", is_unsigned_ ? kText : "entries are " + text_of(signing));
}

void SigningNotice::tick(telemetry::LogRateLimiter::TimePoint now) {
  const bool is_hour_over = hourly_.admit("", now).has_value();
  const bool is_start = !std::exchange(has_begun_, true);
  if (is_unsigned_ && is_hour_over && !is_start) spdlog::warn("{}", kText);
}

}  // namespace outboxd::daemon
