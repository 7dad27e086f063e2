// SPDX-License-Identifier: Apache-2.0
#include "dead_rows/batches.hpp"
#include "dead_rows/filter.hpp"
#include "dead_rows/table.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace outboxd::dead_rows {
namespace {

using std::chrono::milliseconds;

TEST_CASE("filters of dead rows: what is refused, and what may run without a condition") {
  struct Case {
    const char* what;
    FilterWords words;
    /// A part of the message; empty: there is none.
    const char* problem;
  };
  for (const auto& one : std::vector<Case>{
           {"a stream", {.streams = {"s"}}, ""},
           {"all", {.all = true}, ""},
           {"every condition", {{"s"}, {"i"}, "e", "1h", "2d"}, ""},
           {"none", {}, "or --all for every one"},
           {"all and some", {.ids = {"i"}, .all = true}, "leave out one or the other"},
           {"an empty stream", {.streams = {"s", ""}}, "--stream is empty"},
           {"an empty id", {.ids = {""}}, "--id is empty"},
           {"an empty error", {.error = ""}, "--error is empty"},
           {"a number", {.error = "429"}, "--error '429' has no word without a digit"},
           {"an id", {.error = "o-17"}, "has no word"},
           {"a time", {.error = "2024-05-01 10:00"}, "has no word"},
           {"what numbers become", {.error = " #, # - _"}, "has no word"},
           {"a word far behind", {.error = std::string(500, '.') + " refused"}, "has no word"},
           {"a word after a number", {.error = "429 Too"}, ""},
           {"a word before a number", {.error = "Too: 429"}, ""},
           {"another alphabet", {.error = "ошибка"}, ""},
           {"no UTF-8", {.error = "\xff"}, "--error isn't UTF-8"},
           {"no duration", {.older_than = "yesterday"}, "--older-than 'yesterday' is no length of time"},
           {"no length", {.newer_than = "0s"}, "--newer-than '0s' is no length of time"},
           {"nothing in between", {.older_than = "2h", .newer_than = "2h"}, "no row is both"},
           {"the wrong way round",
            {.older_than = "2d", .newer_than = "2h"},
            "--newer-than has to be the longer time"},
       }) {
    CAPTURE(one.what);
    const auto found = problem_of(one.words, Unfiltered::refused);
    const std::string wanted = one.problem;
    CHECK_MESSAGE((wanted.empty() ? found.empty() : found.find(wanted) != std::string::npos), found);
  }
  CHECK(problem_of({}, Unfiltered::allowed).empty());
}

TEST_CASE("filters of dead rows: lengths of time and rates") {
  CHECK(duration_of("90s") == milliseconds{90'000});
  CHECK(duration_of("7d") == std::chrono::days{7});
  for (const auto* wrong : {"", "d", "-1d", "7", "1w", "99999d", "1e3d"}) CHECK_MESSAGE(!duration_of(wrong), wrong);
  CHECK(rate_of("50") == 50.0);
  CHECK(rate_of("50/s") == 50.0);
  for (const auto* wrong : {"", "/s", "0", "-1/s", "50/m", "1000001", "5.5"}) CHECK_MESSAGE(!rate_of(wrong), wrong);
}

TEST_CASE("filters of dead rows are described by their options") {
  CHECK(described({.all = true}) == "--all");
  CHECK(described({.streams = {"a", "b"}, .ids = {"1", "2", "3", "4", "5"}, .error = "WRONG", .older_than = "1h"}) ==
        "--stream 'a' --stream 'b' --error 'WRONG' --older-than '1h' --id '1' --id '2' --id '3' and 2 further ids");
}

TEST_CASE("batches of dead rows are bounded by their number, their size and the rate") {
  const std::vector<std::uint64_t> bytes{10, 10, 2'000'000, 10, 1'000'000, 500'000};
  CHECK(batch_size(bytes, 0, 500) == 2);
  // A row that is larger than a batch goes alone.
  CHECK(batch_size(bytes, 2, 500) == 1);
  CHECK(batch_size(bytes, 3, 500) == 2);
  CHECK(batch_size(bytes, 0, 1) == 1);
  CHECK(batch_size(bytes, 6, 500) == 0);
  CHECK(rows_for(0) == 500);
  CHECK(rows_for(1) == 1);
  CHECK(rows_for(100) == 25);
  CHECK(rows_for(1e6) == 500);
}

TEST_CASE("an answer to COMMIT is a refusal only if it surely is Postgres' own") {
  for (const auto* refused : {"P0001", "23503", "40001", "40P01", "42501", "53100"}) {
    CHECK_MESSAGE(refuses_commit(refused), refused);
  }
  for (const auto* unknown : {"", "08006", "08P01", "57P01", "57014", "58000", "XX000", "40003"}) {
    CHECK_MESSAGE(!refuses_commit(unknown), unknown);
  }
}

}  // namespace
}  // namespace outboxd::dead_rows
