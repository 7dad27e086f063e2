// SPDX-License-Identifier: Apache-2.0
#include "outbox/low_water_mark.hpp"
#include "outbox/sweep_pace.hpp"

#include <doctest/doctest.h>

#include <string>

using outboxd::LowWaterMark;
using outboxd::SweepPace;
using namespace std::chrono_literals;

namespace {

LowWaterMark in_use(const std::string& at) {
  LowWaterMark mark;
  for (int i = 0; i < LowWaterMark::kSlowInARow; ++i) mark.reached_the_end(at, 0, 1s);
  return mark;
}

}  // namespace

TEST_CASE("mark: claims that are quick begin at the start, whatever they found") {
  LowWaterMark mark;
  CHECK(mark.begin() == "-infinity");
  for (int i = 0; i < 10; ++i) mark.reached_the_end("10:00", 0, 3ms);
  for (int i = 0; i < 10; ++i) mark.reached_the_end("10:00", 100, 20ms);
  CHECK(mark.begin() == "-infinity");
}

TEST_CASE("mark: a claim may be slow for once; where all are, the next begins where the last one ended") {
  LowWaterMark mark;
  for (int i = 0; i < 5; ++i) {
    mark.reached_the_end("10:00", 0, 20ms);
    mark.reached_the_end("10:01", 0, 20ms);
    mark.reached_the_end("10:02", 0, 1ms);
  }
  CHECK(mark.begin() == "-infinity");
  for (int i = 0; i < 3; ++i) mark.reached_the_end("10:03", 0, 20ms);
  CHECK(mark.begin() == "10:03");
  // As long as they are quick, the mark is used.
  mark.reached_the_end("10:04", 1, 1ms);
  CHECK(mark.begin() == "10:04");
  // Another server's clock, or one that was put back.
  mark.reached_the_end("09:00", 1, 1ms);
  CHECK(mark.begin() == "09:00");
}

TEST_CASE("mark: a backlog's first row holds it, many rows below lower it, and it is forgotten") {
  auto mark = in_use("10:00");
  mark.found_first("09:30");
  CHECK(mark.begin() == "09:30");
  mark.lower("08:00");
  CHECK(mark.begin() == "08:00");
  mark.swept(2ms);
  CHECK(mark.in_use());
  mark.swept(1ms);
  CHECK(mark.begin() == "-infinity");
  mark = in_use("10:00");
  mark.forget();
  CHECK(mark.begin() == "-infinity");
  mark.reached_the_end("10:00", 0, 20ms);
  CHECK(mark.begin() == "-infinity");
}

TEST_CASE("mark: one claim or query is enough where it takes very long for the rows it found") {
  LowWaterMark mark;
  mark.looked(100'000, 500ms);
  CHECK_FALSE(mark.in_use());
  mark.looked(10, 500ms);
  CHECK(mark.in_use());
  mark.forget();
  mark.reached_the_end("10:00", 0, 30ms);
  CHECK_FALSE(mark.in_use());
  mark.reached_the_end("10:00", 0, 31ms);
  CHECK(mark.begin() == "10:00");
}

TEST_CASE("sweeps: of all rows the less often the longer they take, and of recent rows in between") {
  using Reach = SweepPace::Reach;
  SweepPace pace;
  SweepPace::TimePoint now{1h};
  CHECK(pace.next(now) == Reach::all);
  pace.looked(Reach::all, now, 1s);
  pace.looked(Reach::all, now, 1s);
  CHECK(pace.next(now + 18s) == Reach::lately);
  pace.looked(Reach::lately, now + 1s, 100ms);
  pace.looked(Reach::lately, now + 1s, 100ms);
  CHECK(pace.next(now + 2s) == Reach::nothing);
  pace.looked(Reach::nothing, now + 2s, 1h);
  CHECK(pace.next(now + 3s) == Reach::lately);
  CHECK(pace.next(now + 19s) == Reach::all);
  // Quick ones are not held up.
  pace.looked(Reach::all, now + 19s, 1ms);
  CHECK(pace.next(now + 19s + 20ms) == Reach::all);
  // Nor is the next one held up by a sweep during which a server stood still.
  pace.looked(Reach::all, now + 1min, 36s);
  CHECK(pace.next(now + 1min + 20ms) == Reach::all);
}
