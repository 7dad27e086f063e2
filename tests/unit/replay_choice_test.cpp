// SPDX-License-Identifier: Apache-2.0
#include "replay/choice.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace outboxd::replay {
namespace {

// 2026-01-31T12:00:00Z
constexpr Moment kNow{std::chrono::seconds{1'769'860'800}};

}  // namespace

TEST_CASE("the choice of a replay: what is refused") {
  struct Case {
    const char* what;
    ChoiceWords words;
    /// A part of the message; empty: there is none.
    const char* problem;
  };
  for (const auto& one : std::vector<Case>{
           {"a stream", {.streams = {"s"}}, ""},
           {"ids", {.ids = {"a", "b"}}, ""},
           {"all", {{"s"}, {"a"}, "2h", "1h", "a"}, ""},
           {"nothing", {}, "say which published rows: --id, or --stream"},
           {"a range alone", {.since = "2h"}, "say which published rows"},
           {"an empty stream", {.streams = {""}}, "--stream is empty"},
           {"an empty id", {.ids = {""}}, "--id is empty"},
           {"an empty place", {.streams = {"s"}, .after = ""}, "--after is empty"},
           {"no UTF-8", {.ids = {"\xff"}}, "--id isn't UTF-8"},
           {"no time", {.streams = {"s"}, .since = "yesterday"}, "--since 'yesterday' is no time"},
           {"no date", {.streams = {"s"}, .until = "2026-02-31T00:00:00Z"}, "--until '2026-02-31T00:00:00Z' is no"},
           {"no zone", {.streams = {"s"}, .until = "2026-01-31T00:00:00"}, "is no time"},
           {"seven decimals", {.streams = {"s"}, .until = "2026-01-31T00:00:00.1234567Z"}, "is no time"},
           {"upside down", {.streams = {"s"}, .since = "1h", .until = "2h"}, "--since has to be the earlier time"},
           {"times upside down",
            {.streams = {"s"}, .since = "2026-01-31T11:00:01Z", .until = "2026-01-31T11:00:00Z"},
            "from 2026-01-31T11:00:01.000000Z on and before 2026-01-31T11:00:00.000000Z"},
           {"an age and a time", {.streams = {"s"}, .since = "1h", .until = "2026-01-31T11:00:00Z"}, "earlier time"},
           {"an age before a time", {.streams = {"s"}, .since = "61m", .until = "2026-01-31T11:00:00Z"}, ""},
           {"in the future", {.streams = {"s"}, .since = "2026-01-31T12:00:01Z"}, "earlier time"},
       }) {
    CAPTURE(one.what);
    const auto found = problem_of(one.words, kNow);
    const std::string wanted = one.problem;
    CHECK_MESSAGE((wanted.empty() ? found.empty() : found.find(wanted) != std::string::npos), found);
  }
}

TEST_CASE("the choice of a replay is fixed when it begins, and can be written as options again") {
  const ChoiceWords words{.streams = {"b", "it's", "b"}, .since = "1h", .after = "r 1"};
  const auto choice = choice_of(words, kNow);
  CHECK(choice.streams == std::vector<std::string>{"b", "it's"});
  CHECK(choice.until == kNow);
  CHECK(described(choice) ==
        R"(--stream 'b' --stream 'it'\''s' --since 2026-01-31T11:00:00.000000Z --until 2026-01-31T12:00:00.000000Z)"
        R"( --after 'r 1')");
  // Ids name rows by themselves.
  const auto of_ids = choice_of({.ids = {"a", "b", "a", "c", "d"}}, kNow);
  CHECK(of_ids.ids.size() == 4);
  CHECK_FALSE(of_ids.until.has_value());
  CHECK(described(of_ids) == "--id 'a' --id 'b' --id 'c' (and 1 further ids)");
  CHECK(options_of(of_ids) == "--id 'a' --id 'b' --id 'c' --id 'd'");
}

TEST_CASE("times of a replay: to the microsecond, there and back") {
  for (const auto* text :
       {"2026-01-31T11:59:59.000001Z", "1999-12-31T23:59:59.999999Z", "2026-01-31T12:00:00.120000Z"}) {
    const auto moment = moment_of(text, kNow);
    REQUIRE(moment.has_value());
    CHECK(text_of(*moment) == text);
  }
  CHECK(moment_of("2026-01-31T12:00:00.5Z", kNow) == kNow + std::chrono::milliseconds{500});
  CHECK(moment_of("90s", kNow) == kNow - std::chrono::seconds{90});
  for (const auto* wrong : {"", "Z", ".Z", "2026-01-31T12:00:00.Z", "2026-01-31T12:00:00.1xZ", "-1h", "infinity"}) {
    CHECK_MESSAGE(!moment_of(wrong, kNow), wrong);
  }
}

}  // namespace outboxd::replay
