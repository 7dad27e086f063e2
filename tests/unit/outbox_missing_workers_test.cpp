// SPDX-License-Identifier: Apache-2.0
#include "outbox/missing_workers.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace outboxd {
namespace {

using namespace std::chrono_literals;
using Names = std::vector<std::string>;

constexpr WorkerScan::TimePoint kStart{1h};

struct Step {
  std::chrono::milliseconds at;
  Names missing;
  Names dead;
  /// Still counted afterwards.
  Names known;
  std::optional<std::chrono::milliseconds> reconnected_at{};
};

struct Case {
  const char* what;
  std::vector<Step> steps;
};

}  // namespace

TEST_CASE("missing workers: which are dead, scan by scan") {
  const std::vector<Case> cases = {
      {"three scans in a row", {{0ms, {"a"}, {}, {"a"}}, {460ms, {"a"}, {}, {"a"}}, {920ms, {"a"}, {"a"}, {}}}},
      {"a worker that is back for one scan is counted anew",
       {{0ms, {"a"}, {}, {"a"}},
        {460ms, {"a"}, {}, {"a"}},
        {920ms, {}, {}, {}},
        {1'380ms, {"a"}, {}, {"a"}},
        {1'840ms, {"a"}, {}, {"a"}},
        {2'300ms, {"a"}, {"a"}, {}}}},
      {"each is counted by itself",
       {{0ms, {"a"}, {}, {"a"}},
        {460ms, {"a", "b"}, {}, {"a", "b"}},
        {920ms, {"b", "a"}, {"a"}, {"b"}},
        {1'380ms, {"b"}, {"b"}, {}}}},
      {"one that is dead and still missing is counted anew",
       {{0ms, {"a"}, {}, {"a"}},
        {1s, {"a"}, {}, {"a"}},
        {2s, {"a"}, {"a"}, {}},
        {3s, {"a"}, {}, {"a"}},
        {4s, {"a"}, {}, {"a"}},
        {5s, {"a"}, {"a"}, {}}}},
      {"scans two seconds apart are in a row",
       {{0ms, {"a"}, {}, {"a"}}, {2s, {"a"}, {}, {"a"}}, {4s, {"a"}, {"a"}, {}}}},
      {"scans further apart are not",
       {{0ms, {"a"}, {}, {"a"}},
        {1s, {"a"}, {}, {"a"}},
        {3'001ms, {"a"}, {}, {"a"}},
        {4s, {"a"}, {}, {"a"}},
        {5s, {"a"}, {"a"}, {}}}},
      {"for ten seconds after a lost connection nothing is counted, and what was counted is forgotten",
       {{0ms, {"a"}, {}, {"a"}},
        {1s, {"a"}, {}, {"a"}},
        {2s, {"a"}, {}, {}, 1'500ms},
        {3s, {"a"}, {}, {}, 1'500ms},
        {11'499ms, {"a"}, {}, {}, 1'500ms},
        {11'500ms, {"a"}, {}, {"a"}, 1'500ms},
        {12s, {"a"}, {}, {"a"}, 1'500ms},
        {13s, {"a"}, {"a"}, {}, 1'500ms}}},
  };
  for (const auto& [what, steps] : cases) {
    CAPTURE(what);
    MissingWorkers workers;
    for (const auto& step : steps) {
      CAPTURE(step.at.count());
      WorkerScan scan{.at = kStart + step.at, .missing = step.missing};
      if (step.reconnected_at) scan.reconnected_at = kStart + *step.reconnected_at;
      CHECK(workers.dead_after(scan) == step.dead);
      CHECK(workers.names() == step.known);
      CHECK(workers.empty() == step.known.empty());
    }
  }
}

}  // namespace outboxd
