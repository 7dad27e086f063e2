// SPDX-License-Identifier: Apache-2.0
#include "daemon/once_report.hpp"

#include <doctest/doctest.h>

#include <string>

namespace outboxd::daemon {
namespace {

OnceResult all_published() {
  OnceResult result;
  result.tally.claimed = 5;
  result.tally.published = 5;
  result.backlog = dispatch::BacklogSample{};
  result.backlog->cap = 100'000;
  result.took = std::chrono::seconds{2};
  return result;
}

template <class Change>
ExitStatus status_after(Change change) {
  auto result = all_published();
  change(result);
  return exit_status_of(result);
}

}  // namespace

TEST_CASE("the exit status tells three endings apart") {
  CHECK(status_after([](auto&) {}) == kDone);
  CHECK(status_after([](auto& r) { r.tally = {}; }) == kDone);
  CHECK(status_after([](auto& r) { r.tally.retried = 1; }) == kIncomplete);
  CHECK(status_after([](auto& r) { r.tally.dead = 1; }) == kIncomplete);
  CHECK(status_after([](auto& r) { r.tally.released_for_later = 1; }) == kIncomplete);
  // Given back during an outage, and published after it.
  CHECK(status_after([](auto& r) { r.tally.released = 1; }) == kDone);
  CHECK(status_after([](auto& r) { r.tally.unsettled = 1; }) == kIncomplete);
  CHECK(status_after([](auto& r) { r.backlog->due = 1; }) == kIncomplete);
  CHECK(status_after([](auto& r) { r.backlog.reset(); }) == kIncomplete);
  CHECK(status_after([](auto& r) { r.gave_up_because = "away"; }) == kIncomplete);
  CHECK(status_after([](auto& r) {
          r.tally = {};
          r.gave_up_because = "away";
        }) == kCouldNotWork);
}

TEST_CASE("the last line is JSON whose counts add up") {
  CHECK(json_line_of(all_published()) ==
        R"({"status":"all_published","claimed":5,"published":5,"retried":0,"dead":0,"released":0,"leases_lost":0,)"
        R"("unsettled":0,"possible_duplicates":0,"remaining":0,"remaining_is_at_least":false,"seconds":2})");
  auto unknown = all_published();
  unknown.backlog.reset();
  CHECK(json_line_of(unknown).find(R"("remaining":null,)") != std::string::npos);
  auto many = all_published();
  many.backlog->due = 100'000;
  CHECK(json_line_of(many).find(R"("remaining":100000,"remaining_is_at_least":true)") != std::string::npos);
}

TEST_CASE("the progress line shows published, rate and what is left") {
  auto result = all_published();
  CHECK(progress_line_of(result) == "published 5, 3 rows/s, left 0");
  result.backlog->pending = 100'000;
  CHECK(progress_line_of(result) == "published 5, 3 rows/s, left 100000+");
}

}  // namespace outboxd::daemon
