// SPDX-License-Identifier: Apache-2.0
#include "outbox/backoff.hpp"
#include "outbox/breaker.hpp"
#include "outbox/retry_policy.hpp"

#include <doctest/doctest.h>

#include <array>
#include <chrono>
#include <set>

namespace outboxd {
namespace {

using namespace std::chrono_literals;

struct Delay {
  std::uint32_t attempt;
  std::chrono::microseconds at_least;
  std::chrono::microseconds less_than;
};

// CONTRACT, "Tuning profiles": the delay after attempt n.
constexpr std::array kApi{
    Delay{1, 2s, 2600ms},   Delay{2, 4s, 5200ms},   Delay{3, 8s, 10400ms},
    Delay{4, 16s, 20800ms}, Delay{5, 32s, 41600ms}, Delay{6, 60s, 78s},
    Delay{7, 60s, 78s},     Delay{99, 60s, 78s},    Delay{4000000000, 60s, 78s},
};
constexpr std::array kCoordinator{
    Delay{1, 1s, 2s},    Delay{2, 2s, 3s},    Delay{3, 3s, 4s},    Delay{9, 9s, 10s},
    Delay{59, 59s, 60s}, Delay{60, 60s, 61s}, Delay{61, 60s, 61s}, Delay{4000000000, 60s, 61s},
};

template <class Table>
void check_delays(Profile profile, const Table& table) {
  const RetryPolicy policy{profile, 100};
  for (const auto& [attempt, at_least, less_than] : table) {
    CAPTURE(attempt);
    CHECK(policy.delay_after(attempt, 0.0) == at_least);
    CHECK(policy.delay_after(attempt, 0.999999) < less_than);
    CHECK(policy.delay_after(attempt, 0.999999) > at_least);
  }
}

}  // namespace

TEST_CASE("the api profile doubles up to a minute, with up to 30 % on top") {
  check_delays(Profile::api, kApi);
}

TEST_CASE("the coordinator profile counts up to a minute, with up to a second on top") {
  check_delays(Profile::coordinator, kCoordinator);
}

TEST_CASE("the last attempt is the one whose number is the maximum") {
  const RetryPolicy policy{Profile::api, 10};
  CHECK_FALSE(policy.exhausted_by(9));
  CHECK(policy.exhausted_by(10));
  CHECK(policy.exhausted_by(11));
}

TEST_CASE("a back-off doubles between its bounds, shortened by up to a half") {
  Backoff backoff{100ms, 1000ms};
  for (const auto whole : {100ms, 200ms, 400ms, 800ms, 1000ms, 1000ms}) CHECK(backoff.next(0.0) == whole);
  backoff.reset();
  CHECK(backoff.next(0.0) == 100ms);
  backoff.reset();
  CHECK(backoff.next(0.999999) >= 50ms);
  CHECK(backoff.next(0.999999) < 101ms);
}

TEST_CASE("a breaker starts open, and lets claims grow after it has closed") {
  Breaker breaker;
  CHECK(breaker.is_open());
  breaker.close();
  CHECK_FALSE(breaker.is_open());
  CHECK(breaker.rows_allowed(500) == 8);
  CHECK(breaker.rows_allowed(5) == 5);
  for (int i = 0; i < 6; ++i) breaker.succeeded();
  CHECK(breaker.rows_allowed(500) == 500);
  for (int i = 0; i < 100; ++i) breaker.succeeded();
  CHECK(breaker.rows_allowed(10000) == 10000);
  breaker.open();
  breaker.close();
  CHECK(breaker.rows_allowed(500) == 8);
}

}  // namespace outboxd
