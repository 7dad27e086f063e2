// SPDX-License-Identifier: Apache-2.0
#include "daemon/service/once_report.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace outboxd::daemon {
namespace {

OnceResult all_published() {
  OnceResult result;
  result.dispatcher = "api";
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

TEST_CASE("the exit status is done, incomplete or could not work") {
  CHECK(status_after([](auto&) {}) == kDone);
  CHECK(status_after([](auto& r) { r.tally = {}; }) == kDone);
  CHECK(status_after([](auto& r) { r.tally.retried = 1; }) == kIncomplete);
  CHECK(status_after([](auto& r) { r.tally.dead = 1; }) == kIncomplete);
  CHECK(status_after([](auto& r) { r.tally.released_for_later = 1; }) == kIncomplete);
  // Released during an outage, and published after it.
  CHECK(status_after([](auto& r) { r.tally.released = 1; }) == kDone);
  CHECK(status_after([](auto& r) { r.tally.unsettled = 1; }) == kIncomplete);
  CHECK(status_after([](auto& r) { r.tally.leases_lost = 1; }) == kIncomplete);
  CHECK(status_after([](auto& r) { r.backlog->due = 1; }) == kIncomplete);
  CHECK(status_after([](auto& r) { r.backlog.reset(); }) == kIncomplete);
  CHECK(status_after([](auto& r) { r.abort_reason = "away"; }) == kIncomplete);
  CHECK(status_after([](auto& r) {
          r.tally = {};
          r.abort_reason = "away";
        }) == kCouldNotWork);
}

TEST_CASE("the last line is JSON whose counts add up") {
  CHECK(
      json_line_of(all_published()) ==
      R"({"dispatcher":"api","status":"all_published","claimed":5,"published":5,"retried":0,"dead":0,"released":0,"leases_lost":0,)"
      R"("unsettled":0,"possible_duplicates":0,"remaining":0,"remaining_is_at_least":false,"seconds":2})");
  auto unknown = all_published();
  unknown.backlog.reset();
  CHECK(json_line_of(unknown).find(R"("remaining":null,)") != std::string::npos);
  auto many = all_published();
  many.backlog->due = 100'000;
  CHECK(json_line_of(many).find(R"("remaining":100000,"remaining_is_at_least":true)") != std::string::npos);
}

TEST_CASE("several dispatchers: done if all are, and could not work only if none could") {
  const auto done = all_published();
  auto incomplete = all_published();
  incomplete.tally.dead = 1;
  auto unable = OnceResult{};
  unable.abort_reason = "away";
  const auto status_of = [](const std::vector<OnceResult>& results) { return exit_status_of(results); };
  CHECK(status_of({done}) == kDone);
  CHECK(status_of({done, done}) == kDone);
  CHECK(status_of({done, incomplete}) == kIncomplete);
  CHECK(status_of({done, unable}) == kIncomplete);
  CHECK(status_of({incomplete, unable}) == kIncomplete);
  CHECK(status_of({unable, unable}) == kCouldNotWork);
}

TEST_CASE("the progress line shows published rows, rate and remaining rows") {
  std::vector<OnceResult> results{all_published()};
  CHECK(progress_line_of(results) == "published 5, 3 rows/s, left 0");
  results.front().backlog->pending = 100'000;
  CHECK(progress_line_of(results) == "published 5, 3 rows/s, left 100000+");
  results.front().backlog.reset();
  CHECK(progress_line_of(results) == "published 5, 3 rows/s");
}

TEST_CASE("the progress line shows the sums of several dispatchers, over the whole time") {
  std::vector<OnceResult> results{all_published(), all_published()};
  results[0].backlog->pending = 7;
  results[1].backlog->pending = 30;
  results[1].tally.published = 15;
  results[1].took = std::chrono::seconds{4};
  CHECK(progress_line_of(results) == "published 20, 5 rows/s, left 37");
  results[1].backlog->pending = 100'000;
  CHECK(progress_line_of(results) == "published 20, 5 rows/s, left 100007+");
  // Not counted yet, so the other's count is a lower bound.
  results[1].backlog.reset();
  CHECK(progress_line_of(results) == "published 20, 5 rows/s, left 7+");
}

}  // namespace outboxd::daemon
