// SPDX-License-Identifier: Apache-2.0
#include "outbox/exploration.hpp"

#include <doctest/doctest.h>

namespace outboxd {
namespace {

using namespace std::chrono_literals;

constexpr Exploration::TimePoint kStart{1h};

}  // namespace

TEST_CASE("explorations come at growing intervals until Redis refuses everything anew") {
  Exploration exploration{1s, 4s};
  exploration.begin(kStart, 0.0);
  CHECK_FALSE(exploration.is_due(kStart + 999ms));
  CHECK(exploration.is_due(kStart + 1s));
  for (int i = 0; i < 10; ++i) exploration.wait(kStart, 0.0);
  CHECK_FALSE(exploration.is_due(kStart + 3999ms));
  CHECK(exploration.is_due(kStart + 4s));
  exploration.begin(kStart, 0.0);
  CHECK(exploration.is_due(kStart + 1s));
}

TEST_CASE("each exploration passes over the rows of those before, and takes as many as those together") {
  Exploration exploration{1s, 4s};
  CHECK(exploration.rows() == 8);
  for (int i = 0; i < 40; ++i) exploration.has_tried(std::to_string(i));
  CHECK(exploration.rows() == 40);
  CHECK(exploration.tried().size() == 40);
  CHECK(exploration.tried().front() == "0");
  for (int i = 40; i < 100; ++i) exploration.has_tried(std::to_string(i));
  CHECK(exploration.rows() == 64);
  exploration.start_over();
  CHECK(exploration.tried().empty());
  exploration.has_tried("1");
  exploration.begin(kStart, 0.0);
  CHECK(exploration.tried().empty());
}

TEST_CASE("rows that were tried are named in each claim: their number is bounded") {
  Exploration exploration{1s, 4s};
  for (std::size_t i = 0; i <= Exploration::kMostTried; ++i) exploration.has_tried(std::to_string(i));
  CHECK(exploration.tried() == std::vector<std::string>{std::to_string(Exploration::kMostTried)});
}

}  // namespace outboxd
