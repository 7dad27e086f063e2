// SPDX-License-Identifier: Apache-2.0
#include "outbox/batch_size.hpp"
#include "outbox/rate_limit.hpp"

#include <doctest/doctest.h>

using outboxd::BatchSize;
using outboxd::RateLimit;
using std::chrono::milliseconds;

namespace {

RateLimit::TimePoint at(milliseconds time) {
  return RateLimit::TimePoint{} + std::chrono::hours{1} + time;
}

/// Rows that go out within the time when as many are wanted as may go.
std::uint64_t rows_within(RateLimit& limit, std::uint32_t batch, milliseconds time) {
  std::uint64_t rows = 0;
  for (auto now = at(milliseconds{0}); now < at(time);) {
    const auto allowed = limit.allowed(batch, now);
    limit.took(allowed);
    rows += allowed;
    if (allowed == 0) now = limit.available_at(batch);
  }
  return rows;
}

}  // namespace

TEST_CASE("rate limit: none") {
  RateLimit limit{0};
  limit.took(1'000'000);
  CHECK(limit.allowed(500, at(milliseconds{0})) == 500);
}

TEST_CASE("rate limit: so many rows a second, whatever the batch") {
  for (const std::uint32_t rate : {1U, 7U, 100U, 10'000U}) {
    for (const std::uint32_t batch : {1U, 32U, 5'000U}) {
      CAPTURE(rate);
      CAPTURE(batch);
      RateLimit limit{rate};
      const auto rows = rows_within(limit, batch, milliseconds{10'000});
      CHECK(rows <= 10 * rate + rate / 10 + 1);
      CHECK(rows >= 10 * rate - rate / 10 - 1);
    }
  }
}

TEST_CASE("rate limit: a pause is not made up for") {
  RateLimit limit{1'000};
  limit.took(limit.allowed(1'000, at(milliseconds{0})));
  CHECK(limit.allowed(1'000, at(milliseconds{60'000})) == 100);
}

TEST_CASE("batch size: doubles in a backlog, up to its bound, and is the usual one after it") {
  BatchSize size{32, 100};
  CHECK(size.now() == 32);
  size.was_full();
  CHECK(size.now() == 64);
  size.was_full();
  size.was_full();
  CHECK(size.now() == 100);
  size.was_not_full();
  CHECK(size.now() == 32);
}

TEST_CASE("batch size: without a bound above the usual size it doesn't grow") {
  BatchSize size{32, 0};
  size.was_full();
  CHECK(size.now() == 32);
  BatchSize largest{4'000'000'000, 4'294'967'295};
  largest.was_full();
  CHECK(largest.now() == 4'294'967'295);
}

TEST_CASE("batch size: half as many rows for each lease that was short, down to one") {
  BatchSize size{32, 0};
  for (const std::uint32_t expected : {16U, 8U, 4U, 2U, 1U, 1U}) {
    size.lease_was_short(size.now());
    CHECK(size.now() == expected);
  }
  size.was_full();
  CHECK(size.now() == 1);
}

TEST_CASE("batch size: grows again when whole claims leave enough of the lease") {
  BatchSize size{32, 100};
  size.lease_was_short(9);
  CHECK(size.now() == 4);
  size.lease_sufficed(3);
  CHECK(size.now() == 4);
  for (const std::uint32_t expected : {8U, 16U, 32U}) {
    size.lease_sufficed(size.now());
    CHECK(size.now() == expected);
  }
  // And beyond the usual number again.
  size.was_full();
  size.lease_sufficed(size.now());
  size.lease_sufficed(size.now());
  CHECK(size.now() == 64);
}
