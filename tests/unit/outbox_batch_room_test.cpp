// SPDX-License-Identifier: Apache-2.0
#include "outbox/batch_room.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace outboxd {
namespace {

Row row_of(std::size_t bytes) {
  return {.id = "i", .stream = "s", .payload_json = std::string(bytes - 2, 'x')};
}

}  // namespace

TEST_CASE("a claim hands out the rows that fit, in order, and the first one however large it is") {
  struct Case {
    const char* what;
    std::vector<Payload> payloads;
    std::vector<std::size_t> bytes;
    /// The numbers of the rows, from 0 on.
    std::vector<std::string> withheld;
    bool some_did_not_fit = true;
  };
  constexpr auto kRead = Payload::read;
  for (const auto& one : std::vector<Case>{
           {"all fit", {kRead, kRead, kRead}, {40, 40, 20}, {}, false},
           {"one byte too many", {kRead, kRead, kRead}, {40, 40, 21}, {"2"}},
           {"none after one that does not fit, so that order is kept",
            {kRead, kRead, kRead},
            {60, 60, 10},
            {"1", "2"}},
           {"the first one is too large by itself", {kRead, kRead}, {500, 10}, {"1"}},
           {"a large one comes first in the next claim", {kRead, kRead, kRead}, {10, 500, 10}, {"1", "2"}},
           {"one that was not read", {kRead, Payload::unread, kRead}, {10, 2, 10}, {"1", "2"}},
           {"an unreadable one does not keep the others back",
            {kRead, Payload::unreadable, kRead},
            {10, 2, 10},
            {"1"},
            false},
           {"an unreadable one alone is no sign of a full batch", {Payload::unreadable}, {2}, {"0"}, false},
       }) {
    CAPTURE(one.what);
    // Rows before `begin` are of an earlier statement.
    std::vector<Row> rows{row_of(90)};
    for (const auto bytes : one.bytes) {
      rows.push_back(row_of(bytes));
      rows.back().id = std::to_string(rows.size() - 2);
    }
    auto payload = one.payloads.begin();
    const auto withheld = withhold(rows, 1, 100, [&](const Row&) { return *payload++; });
    CHECK(withheld.ids == one.withheld);
    CHECK(withheld.some_did_not_fit == one.some_did_not_fit);
    CHECK(rows.size() + one.withheld.size() == 1 + one.bytes.size());
  }
}

TEST_CASE("a row takes its payload and its names, and rows claimed in parts fill a batch together") {
  auto row = row_of(10);
  CHECK(bytes_of(row) == 10);
  row.dedupe_key = "four";
  CHECK(bytes_of(row) == 14);
  const std::vector<Row> rows{row_of(50), row_of(50)};
  CHECK(fill_a_batch(rows, 100));
  CHECK_FALSE(fill_a_batch(rows, 101));
}

TEST_CASE("the next claim asks for as many rows as fitted, and for twice as many once a full one fits") {
  FittingRows fitting;
  CHECK(fitting.limit(500) == 500);
  fitting.fitted_full();
  CHECK(fitting.limit(500) == 500);
  fitting.did_not_fit(3);
  CHECK(fitting.limit(500) == 3);
  fitting.fitted_full();
  CHECK(fitting.limit(500) == 6);
  fitting.did_not_fit(0);
  CHECK(fitting.limit(500) == 1);
  for (int i = 0; i < 40; ++i) fitting.fitted_full();
  CHECK(fitting.limit(500) == 500);
}

}  // namespace outboxd
