// SPDX-License-Identifier: Apache-2.0
#include "outbox/claim_window.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

using outboxd::ClaimWindow;
using namespace std::chrono_literals;

namespace {

constexpr ClaimWindow::TimePoint kStart{1h};

std::vector<std::string> places(std::size_t count) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < count; ++i) names.push_back(std::to_string(i));
  return names;
}

}  // namespace

TEST_CASE("look ahead: places are handed out in order, until they are too old or meant for other rows") {
  ClaimWindow ahead;
  CHECK(ahead.take(2, "", kStart).empty());
  ahead.found(places(5), "", kStart);
  CHECK(ahead.take(2, "", kStart) == std::vector<std::string>{"0", "1"});
  CHECK(ahead.take(2, "then", kStart).empty());
  CHECK(ahead.take(2, "", kStart + 1999ms) == std::vector<std::string>{"2", "3"});
  CHECK(ahead.take(2, "", kStart + 2s).empty());
  ahead.found(places(3), "", kStart);
  CHECK(ahead.take(10, "", kStart).size() == 3);
  CHECK(ahead.take(10, "", kStart).empty());
  ahead.found(places(3), "", kStart);
  ahead.forget();
  CHECK(ahead.take(10, "", kStart).empty());
}

TEST_CASE("look ahead: in order while alone, and each part at most once where others are") {
  const auto numbers = [](const std::vector<std::string>& taken) {
    std::vector<int> values;
    for (const auto& place : taken) values.push_back(std::stoi(place));
    return values;
  };
  ClaimWindow alone{1};
  alone.found(places(5'500), "", kStart);
  std::vector<int> all;
  for (auto taken = alone.take(300, "", kStart); !taken.empty(); taken = alone.take(300, "", kStart)) {
    const auto values = numbers(taken);
    all.insert(all.end(), values.begin(), values.end());
  }
  CHECK(all.size() == 5'500);
  CHECK(std::ranges::is_sorted(all));

  ClaimWindow beside{1};
  beside.found(places(20'000), "", kStart);
  std::set<int> parts;
  bool jumped = false;
  int last = 0;
  for (;;) {
    const auto values = numbers(beside.take(100, "", kStart));
    if (values.empty()) break;
    CHECK(parts.insert(values.front() / 1'000).second);
    jumped = jumped || values.front() / 1'000 != last + 1;
    last = values.front() / 1'000;
    beside.contended();
  }
  CHECK(parts.size() == 20);
  CHECK(jumped);
}

TEST_CASE("look ahead: each look finds about as many rows as are claimed while it is good") {
  ClaimWindow ahead;
  auto now = kStart;
  CHECK(ahead.rows_to_find(now) == 20'000);
  // Used up within a second: it could have been more.
  for (const std::size_t next : {40'000, 80'000, 160'000, 160'000}) {
    ahead.found(places(ahead.rows_to_find(now)), "", now);
    while (!ahead.take(1'000, "", now).empty()) continue;
    now += 1s;
    CHECK(ahead.rows_to_find(now) == next);
  }
  // Not used up while it was good.
  ahead.found(places(160'000), "", now);
  CHECK(ahead.take(50'000, "", now).size() == 50'000);
  now += 2s;
  CHECK(ahead.take(1'000, "", now).empty());
  CHECK(ahead.rows_to_find(now) == 50'000);
  ahead.found(places(50'000), "", now);
  CHECK(ahead.take(1'000, "", now).size() == 1'000);
  CHECK(ahead.rows_to_find(now + 2s) == 20'000);
}
