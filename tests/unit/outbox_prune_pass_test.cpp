// SPDX-License-Identifier: Apache-2.0
// Which rows the steps of a pass remove, and when the pass is over.
#include "outbox/prune_pass.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

namespace outboxd {

using namespace std::chrono_literals;

namespace {

/// A table in the order of its ids.
struct Table {
  std::vector<PrunePass::Row> rows;

  [[nodiscard]] std::vector<PrunePass::Row> next(const PrunePass& pass) const {
    auto from = rows.begin();
    if (pass.after()) from = std::ranges::upper_bound(rows, *pass.after(), {}, &PrunePass::Row::id);
    const auto count = std::min<std::ptrdiff_t>(rows.end() - from, static_cast<std::ptrdiff_t>(pass.rows()));
    return {from, from + count};
  }
  void remove(const std::vector<std::string>& ids) {
    std::erase_if(rows, [&](const auto& row) { return std::ranges::find(ids, row.id) != ids.end(); });
  }
  [[nodiscard]] auto old_ones() const { return std::ranges::count_if(rows, &PrunePass::Row::is_old); }
};

std::string id_of(std::size_t number) {
  return std::to_string(1'000'000 + number);
}

/// Rows that were created one second after the other; the first `old` of them are old.
Table in_order(std::size_t old, std::size_t young) {
  Table table;
  for (std::size_t i = 0; i < old + young; ++i) {
    table.rows.push_back({id_of(i), i < old, i >= old, std::chrono::seconds{i}});
  }
  return table;
}

/// The number of steps of one pass.
int pass_over(Table& table, PrunePass& pass) {
  for (int steps = 1;; ++steps) {
    table.remove(pass.read(table.next(pass)));
    if (pass.removed(1ms)) return steps;
    REQUIRE(steps < 10'000);
  }
}

}  // namespace

TEST_CASE("a pass removes every old row, and reads no more than it has to where ids rise with time") {
  auto table = in_order(2'500, 20'000);
  PrunePass pass{PrunePass::Reach::mostly_old};
  CHECK(pass_over(table, pass) == 4);
  CHECK(table.old_ones() == 0);
  CHECK(table.rows.size() == 20'000);
  CHECK(pass_over(table, pass) == 1);
}

TEST_CASE("where ids are in no order, a pass reads the whole table") {
  auto table = in_order(50, 20'000);
  std::mt19937 random{7};
  std::ranges::shuffle(table.rows, random);
  for (std::size_t i = 0; i < table.rows.size(); ++i) table.rows[i].id = id_of(i);
  PrunePass pass{PrunePass::Reach::mostly_old};
  CHECK(pass_over(table, pass) == 21);
  CHECK(table.old_ones() == 0);
}

TEST_CASE("old rows that are left between young ones, dead for long or published late, end no pass") {
  auto table = in_order(5'000, 5'000);
  // Neither old nor young: pending, or dead.
  for (std::size_t i = 0; i < 3'000; ++i) table.rows[i].is_old = false;
  PrunePass pass{PrunePass::Reach::mostly_old};
  pass_over(table, pass);
  CHECK(table.old_ones() == 0);
  CHECK(table.rows.size() == 8'000);
}

TEST_CASE("rows whose time of creation isn't known end no pass") {
  auto table = in_order(0, 3'000);
  for (auto& row : table.rows) row.created.reset();
  table.rows.back().is_old = true;
  PrunePass pass{PrunePass::Reach::mostly_old};
  pass_over(table, pass);
  CHECK(table.old_ones() == 0);
}

TEST_CASE("an empty table ends a pass at once") {
  Table table;
  PrunePass pass{PrunePass::Reach::mostly_old};
  CHECK(pass_over(table, pass) == 1);
}

TEST_CASE("a slow step is followed by smaller ones, and these grow again") {
  auto table = in_order(20'000, 0);
  PrunePass pass{PrunePass::Reach::mostly_old};
  table.remove(pass.read(table.next(pass)));
  CHECK_FALSE(pass.removed(PrunePass::kLongStep + 1ms));
  CHECK(pass.rows() == PrunePass::kMostRows / 2);
  table.remove(pass.read(table.next(pass)));
  CHECK_FALSE(pass.removed(1ms));
  CHECK(pass.rows() == PrunePass::kMostRows);
}

TEST_CASE("a row that can't be removed is found and left, and all others are removed") {
  for (const std::size_t bad : {0UL, 1'234UL, 2'999UL}) {
    CAPTURE(bad);
    auto table = in_order(3'000, 0);
    PrunePass pass{PrunePass::Reach::mostly_old};
    std::vector<std::string> named;
    for (int steps = 0;; ++steps) {
      REQUIRE(steps < 1'000);
      const auto old = pass.read(table.next(pass));
      if (std::ranges::find(old, id_of(bad)) != old.end()) {
        const auto refused = pass.refused();
        if (refused.id) named.push_back(*refused.id);
        CHECK_FALSE(refused.gave_up);
        continue;
      }
      table.remove(old);
      if (pass.removed(1ms)) break;
    }
    CHECK(named == std::vector{id_of(bad)});
    CHECK(table.rows.size() == 1);
  }
}

TEST_CASE("a pass ends when no row can be removed, and the next one begins at the start") {
  const auto table = in_order(3'000, 0);
  PrunePass pass{PrunePass::Reach::mostly_old};
  std::size_t named = 0;
  for (int steps = 0;; ++steps) {
    REQUIRE(steps < 100);
    static_cast<void>(pass.read(table.next(pass)));
    const auto refused = pass.refused();
    if (refused.id) ++named;
    if (refused.gave_up) break;
  }
  CHECK(named == PrunePass::kMostRefused);
  CHECK_FALSE(pass.after());
}

TEST_CASE(
    "old rows behind young ones whose ids come first are removed, at the latest by a pass over the whole table") {
  auto table = in_order(0, 2'000);
  for (std::size_t i = 0; i < 5; ++i) table.rows.push_back({id_of(5'000 + i), true, false, std::chrono::seconds{i}});
  SUBCASE("by one of the daemon's") {
    PrunePass pass{PrunePass::Reach::mostly_old};
    int passes = 0;
    while (table.old_ones() > 0) {
      REQUIRE(++passes <= PrunePass::kWholeEach);
      pass_over(table, pass);
    }
    CHECK(passes == PrunePass::kWholeEach);
  }
  SUBCASE("by the first, where each goes to the end") {
    PrunePass pass{PrunePass::Reach::whole};
    pass_over(table, pass);
    CHECK(table.old_ones() == 0);
  }
}

}  // namespace outboxd
