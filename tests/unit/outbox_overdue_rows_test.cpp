// SPDX-License-Identifier: Apache-2.0
#include "outbox/overdue_rows.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace outboxd {

using namespace std::chrono_literals;
using Verdict = OverdueRows::Verdict;

TEST_CASE("a row that is there at two looks is overdue; fresh rows, which are gone at the next look, are not") {
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

TEST_CASE(
    "a backlog that moves is overdue: the rows due last are there at the next look, though the first are gone") {
  OverdueRows rows{250ms};
  OverdueRows::TimePoint now{1h};
  // The ids are numbers, in the order in which the rows are due.
  int first = 0;
  int last = 100'000;
  const auto look = [&] {
    std::vector<std::string> ids;
    for (const auto& id : rows.seen()) {
      if (std::stoi(id) >= first) ids.push_back(id);
    }
    for (int i = 0; i < 1'000; ++i) {
      ids.push_back(std::to_string(first + i));
      ids.push_back(std::to_string(last - i));
    }
    // A dispatcher takes rows faster than they are looked at, and as many become late meanwhile.
    first += 2'000;
    last += 2'000;
    return rows.look(ids, now);
  };
  CHECK(look() == Verdict::unknown);
  now += 500ms;
  CHECK(look() == Verdict::unknown);
  for (int i = 0; i < 20; ++i) {
    now += 2s;
    CHECK(look() == Verdict::overdue);
    CHECK(rows.seen().size() <= 3'000);
  }
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
