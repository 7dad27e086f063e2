// SPDX-License-Identifier: Apache-2.0
#include "telemetry/last_minute.hpp"

#include <doctest/doctest.h>

using outboxd::telemetry::LastMinute;
using std::chrono::seconds;

namespace {

LastMinute::TimePoint at(seconds time) {
  return LastMinute::TimePoint{} + std::chrono::hours{5} + time;
}

}  // namespace

TEST_CASE("last minute: events older than sixty seconds no longer count") {
  LastMinute rate;
  CHECK(rate.count(at(seconds{0})) == 0);
  rate.add(3, at(seconds{0}));
  rate.add(4, at(seconds{30}));
  CHECK(rate.count(at(seconds{30})) == 7);
  CHECK(rate.count(at(seconds{59})) == 7);
  CHECK(rate.count(at(seconds{60})) == 4);
  CHECK(rate.count(at(seconds{89})) == 4);
  CHECK(rate.count(at(seconds{90})) == 0);
}

TEST_CASE("last minute: a long silence forgets everything, and the next event counts") {
  LastMinute rate;
  rate.add(3, at(seconds{0}));
  CHECK(rate.count(at(seconds{1'000})) == 0);
  rate.add(2, at(seconds{1'000}));
  CHECK(rate.count(at(seconds{1'001})) == 2);
}
