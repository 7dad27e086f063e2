// SPDX-License-Identifier: Apache-2.0
#include "outbox/claim_patience.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace outboxd {

using namespace std::chrono_literals;
using Ids = std::vector<std::string>;

TEST_CASE("rows that were too slow by themselves have their turn alone, with more time at each try") {
  ClaimPatience patience;
  CHECK(patience.turn_of({"a", "b"}).ids == Ids{"a", "b"});
  CHECK(patience.turn_of({"a", "b"}).time == RefusalSearch::kPartTimeout);
  patience.was_too_slow("a", 500ms, 1s);
  // The usual time first, then twice as long each time.
  CHECK(patience.turn_of({"a"}).time == 1s);
  patience.was_too_slow("a", 1s, 1s);
  CHECK(patience.turn_of({"a"}).time == 2s);
  patience.was_too_slow("a", 8s, 1s);
  CHECK(patience.turn_of({"a"}).time == ClaimPatience::kLongest);
  patience.was_too_slow("b", 500ms, 1s);
  CHECK(patience.turn_of({"b", "a"}).ids == Ids{"b"});
  patience.was_claimed("a");
  CHECK(patience.turn_of({"b", "a"}).ids == Ids{"a"});
}

TEST_CASE("a slow row that has waited longest and the rows that are not slow have their turns alternately") {
  ClaimPatience patience;
  patience.was_too_slow("a", 500ms, 1s);
  for (int i = 0; i < 3; ++i) {
    const auto quick = patience.turn_of({"a", "b", "c"});
    CHECK(quick.ids == Ids{"b", "c"});
    CHECK(quick.time == RefusalSearch::kPartTimeout);
    const auto slow = patience.turn_of({"a", "b", "c"});
    CHECK(slow.ids == Ids{"a"});
    CHECK(slow.time == 1s);
  }
  // Rows that have waited longer than it go first.
  CHECK(patience.turn_of({"b", "a"}).ids == Ids{"b"});
  CHECK(patience.turn_of({"b", "a"}).ids == Ids{"b"});
}

TEST_CASE("slow rows that are remembered are bounded") {
  ClaimPatience patience;
  for (std::size_t i = 0; i <= ClaimPatience::kMostRows; ++i) patience.was_too_slow(std::to_string(i), 500ms, 1s);
  CHECK(patience.turn_of({"0", "1000"}).ids == Ids{"0"});
}

TEST_CASE("claims that are slow for nothing are tried once more, with twice the time each, until one goes well") {
  ClaimPatience patience;
  CHECK(patience.once_more(1s) == 1s);
  CHECK(patience.once_more(1s) == 2s);
  CHECK(patience.once_more(1s) == 4s);
  CHECK(patience.once_more(1s) == 8s);
  CHECK(patience.once_more(1s) == ClaimPatience::kLongest);
  CHECK(patience.once_more(1s) == ClaimPatience::kLongest);
  patience.went_well();
  CHECK(patience.once_more(1s) == 1s);
}

}  // namespace outboxd
