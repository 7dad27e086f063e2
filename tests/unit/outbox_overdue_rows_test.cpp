// SPDX-License-Identifier: Apache-2.0
#include "outbox/overdue_rows.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace outboxd {

using namespace std::chrono_literals;
using Verdict = OverdueRows::Verdict;

TEST_CASE("a row that is there at two looks is overdue; rows that change from look to look are not") {
  OverdueRows rows{250ms};
  OverdueRows::TimePoint now{1h};
  CHECK(rows.due_for() == 10s);
  // At first nothing tells them apart.
  CHECK(rows.look({"stuck", "a"}, now) == Verdict::unknown);
  CHECK(rows.look({"stuck", "b"}, now += 1s) == Verdict::unknown);
  CHECK(rows.look({"stuck", "c"}, now += 1s) == Verdict::overdue);
  CHECK(rows.look({"d", "e"}, now += 1s) == Verdict::none);
  for (int i = 0; i < 100; ++i) CHECK(rows.look({"r" + std::to_string(i)}, now += 1s) == Verdict::none);
  CHECK(rows.look({}, now += 1s) == Verdict::none);
  // Seen before, but not without a break.
  CHECK(rows.look({"r99"}, now += 1s) == Verdict::none);
}

TEST_CASE("without any such row nothing is overdue, at once; after a long gap it is looked at twice again") {
  OverdueRows rows{250ms};
  OverdueRows::TimePoint now{1h};
  CHECK(rows.look({}, now) == Verdict::none);
  CHECK(rows.look({"a"}, now += 10s) == Verdict::none);
  CHECK(rows.look({"a"}, now += 1h) == Verdict::unknown);
  CHECK(rows.look({"a"}, now += 2s) == Verdict::overdue);
}

TEST_CASE("rows that wait for a long poll interval are not overdue") {
  OverdueRows rows{10min};
  OverdueRows::TimePoint now{1h};
  CHECK(rows.due_for() == 20min);
  CHECK(rows.look({"a"}, now) == Verdict::unknown);
  for (int i = 0; i < 39; ++i) CHECK(rows.look({"a"}, now += 30s) == Verdict::unknown);
  CHECK(rows.look({"a"}, now += 30s) == Verdict::overdue);
}

}  // namespace outboxd
