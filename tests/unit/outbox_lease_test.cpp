// SPDX-License-Identifier: Apache-2.0
#include "outbox/lease_room.hpp"

#include <doctest/doctest.h>

#include <array>

using outboxd::LeaseRoom;
using std::chrono::milliseconds;

namespace {

LeaseRoom::TimePoint at(int millis) {
  return LeaseRoom::TimePoint{} + std::chrono::hours{1} + milliseconds{millis};
}

}  // namespace

TEST_CASE("lease room: until when rows of a claim may be sent") {
  struct Case {
    int arrived, ends, write;
    std::size_t rows;
    int send_by;
  };
  const std::array cases{
      // A quick claim: a write must have ended before the lease does.
      Case{5, 30'000, 5'000, 32, 25'000},
      // A claim that has left less than twice that: half of what is left.
      Case{24'000, 30'000, 5'000, 32, 27'000},
      Case{600, 1'000, 500, 2, 800},
      // Nothing is left.
      Case{1'000, 1'000, 500, 32, 1'000},
      Case{3'000, 1'000, 500, 32, 1'000},
      // A row alone: as long as any lease is left.
      Case{5, 30'000, 5'000, 1, 30'000},
      Case{990, 1'000, 500, 1, 1'000},
  };
  for (const auto& [arrived, ends, write, rows, send_by] : cases) {
    CAPTURE(arrived);
    CAPTURE(rows);
    const LeaseRoom room{at(0), at(arrived), at(ends), rows};
    CHECK(room.send_by(milliseconds{write}) == at(send_by));
  }
}

TEST_CASE("lease room: whether it would suffice for twice as many rows") {
  CHECK(LeaseRoom{at(0), at(10), at(30'000)}.suffices());
  CHECK(LeaseRoom{at(0), at(250), at(1'000)}.suffices());
  CHECK_FALSE(LeaseRoom{at(0), at(251), at(1'000)}.suffices());
  CHECK_FALSE(LeaseRoom{at(0), at(1'500), at(1'000)}.suffices());
}
