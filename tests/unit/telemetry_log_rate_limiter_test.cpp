// SPDX-License-Identifier: Apache-2.0
#include "telemetry/log_rate_limiter.hpp"

#include <doctest/doctest.h>

using outboxd::telemetry::LogRateLimiter;
using namespace std::chrono_literals;

TEST_CASE("one line per subject and minute, and a count of the withheld ones") {
  LogRateLimiter rate;
  const LogRateLimiter::TimePoint start{1h};
  CHECK(rate.admit("a", start) == 0U);
  CHECK(rate.admit("b", start) == 0U);
  CHECK_FALSE(rate.admit("a", start + 1s));
  CHECK_FALSE(rate.admit("a", start + 59s));
  CHECK(rate.admit("a", start + 60s) == 2U);
  CHECK(rate.admit("b", start + 10min) == 0U);
}

TEST_CASE("however many subjects there are, few are remembered: the others share their lines") {
  LogRateLimiter rate;
  const LogRateLimiter::TimePoint start{1h};
  for (int i = 0; i < 200; ++i) CHECK(rate.admit("subject " + std::to_string(i), start) == 0U);
  CHECK(rate.admit("one too many", start) == 0U);
  CHECK_FALSE(rate.admit("another", start));
  // Including the withheld line.
  CHECK(rate.admit("a third", start + 2min) == 1U);
  CHECK(rate.admit("a third", start + 3min) == 0U);
}

TEST_CASE(
    "subjects with withheld lines are kept while others are too many, and forgotten once their period is over") {
  LogRateLimiter rate;
  const LogRateLimiter::TimePoint start{1h};
  const auto subject = [](int i) { return "subject " + std::to_string(i); };
  for (int i = 0; i < 200; ++i) {
    CHECK(rate.admit(subject(i), start) == 0U);
    CHECK_FALSE(rate.admit(subject(i), start + 1s));
  }
  CHECK(rate.admit("one too many", start + 59s) == 0U);
  CHECK(rate.admit(subject(0), start + 60s) == 1U);
  // The withheld lines of the 199 forgotten subjects are reported once.
  CHECK(rate.admit("a", start + 60s) == 199U);
  for (int i = 1; i < 199; ++i) CHECK(rate.admit(subject(i), start + 61s) == 0U);
  CHECK_FALSE(rate.admit("one too many again", start + 61s));
}

TEST_CASE("a rate may have another period") {
  LogRateLimiter rate{1h};
  const LogRateLimiter::TimePoint start{1h};
  CHECK(rate.admit("a", start) == 0U);
  CHECK_FALSE(rate.admit("a", start + 59min));
  CHECK(rate.admit("a", start + 60min) == 1U);
}

TEST_CASE("outages have ten lines a minute, and the last says so") {
  outboxd::telemetry::OutageRate rate;
  using Line = outboxd::telemetry::OutageRate::Line;
  const outboxd::telemetry::OutageRate::TimePoint start{1h};
  for (int i = 0; i < 9; ++i) CHECK((rate.admit(start) == Line::its_own));
  CHECK((rate.admit(start + 1s) == Line::last_of_many));
  CHECK((rate.admit(start + 59s) == Line::none));
  CHECK((rate.admit(start + 60s) == Line::its_own));
}
