// SPDX-License-Identifier: Apache-2.0
#include "outbox/refusal_search.hpp"

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <vector>

namespace outboxd {
namespace {

using namespace std::chrono_literals;

constexpr RefusalSearch::TimePoint kStart{1h};

/// A letter an item: '.' is done, another one is a cause for which the server refuses it, and with it its part; 's'
/// takes the time of a part to be refused.
struct Case {
  const char* what;
  const char* items;
  bool whole_failed;
  /// The parts that were tried, in order.
  const char* tried;
  /// For each item: '.' done, its cause when it is refused by itself, '?' untried.
  const char* found;
};

const std::vector<Case> kCases{
    {"nothing", "", false, "", ""},
    {"all at once", "....", false, "[0,4)", "...."},
    {"one of four", "..x.", false, "[0,4) [0,2) [2,4) [2,3) [3,4)", "..x."},
    {"one of four, after the whole has been tried", "..x.", true, "[0,2) [2,4) [2,3) [3,4)", "..x."},
    {"one alone", "x", false, "[0,1)", "x"},
    {"one alone is tried even where the whole has been", "x", true, "[0,1)", "x"},
    {"all, each for its own cause", "xyz", false, "[0,3) [0,1) [1,3) [1,2) [2,3)", "xyz"},
    {"two neighbours in different halves", ".xy.", false, "[0,4) [0,2) [2,4) [0,1) [1,2) [2,3) [3,4)", ".xy."},
    {"what is slow to fail does not keep its neighbours from their turn", "s.......", true,
     "[0,4) [4,8) [0,2) [2,4) [0,1) [1,2)", "s......."},
    {"a search among slow ones ends in time", "ssssssss", true, "[0,4) [4,8) [0,2) [2,4) [4,6) [6,8)", "????????"},
};

}  // namespace

TEST_CASE("the search for refused items does all others, wide parts first, and ends in time") {
  for (const auto& one : kCases) {
    CAPTURE(one.what);
    const std::string items{one.items};
    RefusalSearch search{items.size(), one.whole_failed};
    auto now = kStart;
    std::string tried;
    std::string found(items.size(), '-');
    search.run(
        kStart + RefusalSearch::kLongest, [&] { return now; },
        [&](Part part) -> std::optional<RefusalSearch::Why> {
          if (!tried.empty()) tried += ' ';
          tried += "[" + std::to_string(part.begin) + "," + std::to_string(part.end) + ")";
          for (auto i = part.begin; i < part.end; ++i) {
            if (items[i] == '.') continue;
            if (items[i] == 's') now += RefusalSearch::kPartTimeout;
            return RefusalSearch::Why{"refused", std::string(1, items[i])};
          }
          for (auto i = part.begin; i < part.end; ++i) found[i] = '.';
          return std::nullopt;
        });
    for (const auto& [index, why] : search.refused()) found[index] = why.cause.front();
    for (const auto& part : search.untried()) {
      for (auto i = part.begin; i < part.end; ++i) found[i] = '?';
    }
    CHECK(tried == one.tried);
    CHECK(found == one.found);
  }
}

}  // namespace outboxd
