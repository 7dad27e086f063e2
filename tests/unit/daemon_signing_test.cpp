// SPDX-License-Identifier: Apache-2.0
#include "daemon/service/reload_log.hpp"
#include "daemon/service/signing_notice.hpp"
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
  SigningNotice notice{metrics, readiness, {}};
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
  SigningNotice notice{metrics, readiness, {}};
  readiness.ready("outbox");
  notice.set({.key_id = "88386d75b558be88"});
  notice.tick(telemetry::LogRateLimiter::TimePoint{1h});
  CHECK(log.text().empty());
  CHECK(contains(metrics.render(), "outboxd_unsigned 0\n"));
  CHECK(readiness.report() == "ready\nsigning: entries are signed with key 88386d75b558be88\n");
  notice.set({.key_id = "88386d75b558be88", .strict = true});
  CHECK(readiness.report() == "ready\nsigning: entries are signed with key 88386d75b558be88, and have _sig2\n");
}

TEST_CASE("the id of the key, never the key, and whether entries have _sig2 are words that can be read again") {
  config::Settings settings;
  CHECK(text_of(signing_state_of(settings)) == "unsigned");
  for (unsigned char byte = 0; byte < 32; ++byte) settings.signing_key.push_back(byte);
  CHECK(text_of(signing_state_of(settings)) == "signed with key 88386d75b558be88");
  settings.strict_signatures = true;
  CHECK(text_of(signing_state_of(settings)) == "signed with key 88386d75b558be88, and have _sig2");
  for (const SigningState& signing :
       {SigningState{}, SigningState{"88386d75b558be88", false}, SigningState{"88386d75b558be88", true}}) {
    CHECK(signing_state_in(text_of(signing)) == signing);
  }
  for (const auto* text : {"", "signed", "signed with key 88386d75b558be8", "signed with key 88386d75b558be8X",
                           "signed with key 88386d75b558be88, and more"}) {
    CHECK(signing_state_in(text) == std::nullopt);
  }
}

TEST_CASE("each reload's log names the key that is in use") {
  test::CapturedLog log;
  ReloadLog reload;
  reload.taken_over(ReloadScope::all, {}, {.key_id = "88386d75b558be88"});
  CHECK(log.taken() ==
        "info SIGHUP: nothing has changed in the configuration; entries are signed with key 88386d75b558be88\n");
  reload.taken_over(ReloadScope::all, {.taken_over = {"signing.key"}, .need_restart = {}},
                    {.key_id = "0123456789abcdef"});
  CHECK(log.taken().ends_with("\ninfo SIGHUP: entries are signed with key 0123456789abcdef\n"));
  reload.taken_over(ReloadScope::logins, {.taken_over = {"the login of Redis"}, .need_restart = {}}, {});
  CHECK_FALSE(contains(log.taken(), "entries are"));
}

}  // namespace outboxd::daemon
