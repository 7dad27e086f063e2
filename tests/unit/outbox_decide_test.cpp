// SPDX-License-Identifier: Apache-2.0
#include "outbox/decide.hpp"

#include <doctest/doctest.h>

#include <array>
#include <chrono>
#include <string>

namespace outboxd {
namespace {

using namespace std::chrono_literals;

constexpr RetryPolicy kPolicy{Profile::coordinator, 10};

Outcome decide_for(std::uint32_t attempt, Fault fault) {
  const Row row{
      .id = "r-1", .stream = "s", .payload_json = "{}", .oversize_bytes = {}, .dedupe_key = {}, .attempt = attempt};
  return decide(row, {fault, "the reason", false}, kPolicy, 0.0);
}

struct Case {
  Fault fault;
  std::uint32_t attempt;
  Verdict verdict;
  std::chrono::seconds delay;
  const char* error;
};

constexpr std::array kCases{
    Case{Fault::none, 1, Verdict::published, 0s, ""},
    Case{Fault::none, 10, Verdict::published, 0s, ""},
    Case{Fault::bad_row, 1, Verdict::dead, 0s, "the reason"},
    Case{Fault::attempts_exhausted, 11, Verdict::dead, 0s, "the reason"},
    Case{Fault::entry_refused, 1, Verdict::retry, 1s, "the reason"},
    Case{Fault::entry_refused, 9, Verdict::retry, 9s, "the reason"},
    Case{Fault::entry_refused, 10, Verdict::dead, 0s, "gave up after 10 attempts: the reason"},
    Case{Fault::unanswered, 3, Verdict::retry, 3s, "the reason"},
    // An outage, perhaps: see below.
    Case{Fault::unanswered, 10, Verdict::release, 10s, "the reason"},
    // No attempt is spent, however many there were.
    Case{Fault::refused, 2, Verdict::release, 2s, "the reason"},
    Case{Fault::refused, 10, Verdict::release, 10s, "the reason"},
    Case{Fault::stream_refused, 10, Verdict::release, 1s, "the reason"},
    Case{Fault::stream_blocked, 10, Verdict::release, 0s, "the reason"},
    Case{Fault::out_of_memory, 10, Verdict::release, 10s, "the reason"},
    Case{Fault::redis_unavailable, 10, Verdict::release, 0s, ""},
    Case{Fault::redis_unreachable, 10, Verdict::release, 0s, ""},
    Case{Fault::lease_expiring, 10, Verdict::release, 0s, ""},
    Case{Fault::stopping, 10, Verdict::release, 0s, ""},
};

}  // namespace

TEST_CASE("a row's reply decides its outcome") {
  for (const auto& [fault, attempt, verdict, delay, error] : kCases) {
    CAPTURE(to_string(fault));
    CAPTURE(attempt);
    const auto outcome = decide_for(attempt, fault);
    CHECK(outcome.id == "r-1");
    CHECK(std::string{to_string(outcome.verdict)} == to_string(verdict));
    CHECK(outcome.delay == delay);
    CHECK(outcome.error == error);
  }
}

TEST_CASE("a server's own words go into the row's last_error, and nowhere else") {
  const Row row{
      .id = "r-1", .stream = "s", .payload_json = "{}", .oversize_bytes = {}, .dedupe_key = {}, .attempt = 10};
  const auto outcome = decide(row, {Fault::entry_refused, "ERR ***", false, "ERR 'payload'"}, kPolicy, 0.0);
  CHECK(outcome.error == "gave up after 10 attempts: ERR 'payload'");
  CHECK(outcome.shown == "gave up after 10 attempts: ERR ***");
  CHECK(decide(row, {Fault::bad_row, "the reason", false}, kPolicy, 0.0).shown == "the reason");
}

TEST_CASE("an unanswered row dies only when it was singled out as the cause") {
  const Row row{
      .id = "r-1", .stream = "s", .payload_json = "{}", .oversize_bytes = {}, .dedupe_key = {}, .attempt = 10};
  const auto outcome = decide(row, {Fault::unanswered, "the reason", true}, kPolicy, 0.0);
  CHECK(outcome.verdict == Verdict::dead);
  CHECK(outcome.error == "gave up after 10 attempts: the reason");
}

}  // namespace outboxd
