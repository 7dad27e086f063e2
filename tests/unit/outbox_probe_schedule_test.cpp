// SPDX-License-Identifier: Apache-2.0
#include "outbox/probe_schedule.hpp"

#include <doctest/doctest.h>

namespace outboxd {
namespace {

using namespace std::chrono_literals;

constexpr ProbeSchedule::TimePoint kStart{1h};

}  // namespace

TEST_CASE("explorations come at growing intervals until Redis refuses everything again") {
  ProbeSchedule probe_schedule{1s, 4s};
  probe_schedule.begin(kStart, 0.0);
  CHECK_FALSE(probe_schedule.is_due(kStart + 999ms));
  CHECK(probe_schedule.is_due(kStart + 1s));
  for (int i = 0; i < 10; ++i) probe_schedule.wait(kStart, 0.0);
  CHECK_FALSE(probe_schedule.is_due(kStart + 3999ms));
  CHECK(probe_schedule.is_due(kStart + 4s));
  probe_schedule.begin(kStart, 0.0);
  CHECK(probe_schedule.is_due(kStart + 1s));
}

TEST_CASE("each exploration leaves out the rows of earlier ones, and takes as many as they did together") {
  ProbeSchedule probe_schedule{1s, 4s};
  CHECK(probe_schedule.rows() == 8);
  for (int i = 0; i < 40; ++i) probe_schedule.has_tried(std::to_string(i));
  CHECK(probe_schedule.rows() == 40);
  CHECK(probe_schedule.tried().size() == 40);
  CHECK(probe_schedule.tried().front() == "0");
  for (int i = 40; i < 100; ++i) probe_schedule.has_tried(std::to_string(i));
  CHECK(probe_schedule.rows() == 64);
  probe_schedule.start_over();
  CHECK(probe_schedule.tried().empty());
  probe_schedule.has_tried("1");
  probe_schedule.begin(kStart, 0.0);
  CHECK(probe_schedule.tried().empty());
}

TEST_CASE("rows that were tried are named in each claim: their number is bounded") {
  ProbeSchedule probe_schedule{1s, 4s};
  for (std::size_t i = 0; i <= ProbeSchedule::kMostTried; ++i) probe_schedule.has_tried(std::to_string(i));
  CHECK(probe_schedule.tried() == std::vector<std::string>{std::to_string(ProbeSchedule::kMostTried)});
}

}  // namespace outboxd
