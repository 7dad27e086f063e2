// SPDX-License-Identifier: Apache-2.0
#include "outbox/write_bounds.hpp"

#include <doctest/doctest.h>

#include <initializer_list>
#include <string>

namespace outboxd {
namespace {

/// A letter an entry: f fresh, t tried before, and large ones in capitals, of which two don't fit into one write.
std::string writes_of(const std::string& entries, bool isolates) {
  WriteBounds bounds{isolates};
  std::string writes;
  for (const char entry : entries) {
    const bool is_large = entry == 'F' || entry == 'T';
    const auto bytes = is_large ? WriteBounds::kMostBytes / 2 + 1 : 1;
    const bool joins = bounds.joins(bytes, entry == 't' || entry == 'T');
    if (!joins && !writes.empty()) writes += ' ';
    writes += entry;
  }
  return writes;
}

}  // namespace

TEST_CASE("which rows are sent beside each other: all that fit, and after an unanswered write no row tried before") {
  struct Case {
    const char* what;
    const char* entries;
    bool isolates;
    const char* writes;
  };
  for (const auto& one : {
           Case{"one row", "f", false, "f"},
           Case{"all together", "fftf", false, "fftf"},
           Case{"fresh rows stay together after an unanswered write", "fff", true, "fff"},
           Case{"one that was tried before goes alone", "fftff", true, "ff t ff"},
           Case{"each of them goes alone", "ttf", true, "t t f"},
           Case{"at the beginning and at the end", "tft", true, "t f t"},
           Case{"a large one beside small ones", "fFf", false, "fFf"},
           Case{"two large ones", "FF", false, "F F"},
           Case{"what follows a large one joins it while there is room", "fFfFf", false, "fFf Ff"},
           Case{"a large one that was tried before", "fTf", true, "f T f"},
       }) {
    CAPTURE(one.what);
    CHECK(writes_of(one.entries, one.isolates) == one.writes);
  }
}

TEST_CASE("a write is filled to its bound, and an entry beyond it goes out by itself") {
  WriteBounds bounds{false};
  CHECK_FALSE(bounds.joins(WriteBounds::kMostBytes - 1, false));
  CHECK(bounds.joins(1, false));
  CHECK_FALSE(bounds.joins(1, false));
  CHECK_FALSE(bounds.joins(2 * WriteBounds::kMostBytes, false));
  CHECK_FALSE(bounds.joins(1, false));
}

}  // namespace outboxd
