// SPDX-License-Identifier: Apache-2.0
#include "telemetry/line_rate.hpp"

#include <doctest/doctest.h>

using outboxd::telemetry::LineRate;
using namespace std::chrono_literals;

TEST_CASE("one line a subject and minute, and a count of those that were kept back") {
  LineRate rate;
  const LineRate::TimePoint start{1h};
  CHECK(rate.admit("a", start) == 0U);
  CHECK(rate.admit("b", start) == 0U);
  CHECK_FALSE(rate.admit("a", start + 1s));
  CHECK_FALSE(rate.admit("a", start + 59s));
  CHECK(rate.admit("a", start + 60s) == 2U);
  CHECK(rate.admit("b", start + 10min) == 0U);
}

TEST_CASE("however many subjects there are, few are remembered: the others share their lines") {
  LineRate rate;
  const LineRate::TimePoint start{1h};
  for (int i = 0; i < 200; ++i) CHECK(rate.admit("subject " + std::to_string(i), start) == 0U);
  CHECK(rate.admit("one too many", start) == 0U);
  CHECK_FALSE(rate.admit("another", start));
  CHECK(rate.admit("a third", start + 2min) == 0U);
}
