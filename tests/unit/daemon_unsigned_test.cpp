// SPDX-License-Identifier: Apache-2.0
#include "daemon/service/unsigned_notice.hpp"
#include "support/captured_log.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace std::chrono_literals;

namespace outboxd::daemon {
namespace {

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE(
    "unsigned entries: a warning each hour after the start, a gauge, and a note that leaves readiness as it is") {
  test::CapturedLog log;
  telemetry::Metrics metrics;
  telemetry::Readiness readiness;
  UnsignedNotice notice{metrics, readiness, true};
  readiness.ready("outbox");
  telemetry::LogRateLimiter::TimePoint now{1h};
  // At the start, the configuration's own warning reports it.
  for (int i = 0; i < 3600; ++i) notice.tick(now += 1s);
  CHECK(log.taken().empty());
  for (int i = 0; i < 3600; ++i) notice.tick(now += 1s);
  const auto text = log.taken();
  CHECK(text.starts_with("warning entries go out unsigned: no signing key is set (STREAMS_HMAC_KEY"));
  CHECK(contains(text, "consumers in a published mode (rc, stable) drop what isn't signed, and acknowledge it"));
  CHECK(text.find('\n') == text.size() - 1);
  notice.tick(now += 1s);
  CHECK(contains(log.taken(), "go out unsigned"));
  CHECK(contains(metrics.render(), "outboxd_unsigned 1\n"));
  CHECK(readiness.all_ready());
  CHECK(readiness.report().starts_with("ready\nsigning: entries go out unsigned: "));
}

TEST_CASE("signed entries: no warning, and the gauge is 0; the same after a key was set") {
  test::CapturedLog log;
  telemetry::Metrics metrics;
  telemetry::Readiness readiness;
  UnsignedNotice notice{metrics, readiness, true};
  readiness.ready("outbox");
  notice.set(false);
  notice.tick(telemetry::LogRateLimiter::TimePoint{1h});
  CHECK(log.text().empty());
  CHECK(contains(metrics.render(), "outboxd_unsigned 0\n"));
  CHECK(readiness.report() == "ready\n");
}

}  // namespace outboxd::daemon
