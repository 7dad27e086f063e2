// SPDX-License-Identifier: Apache-2.0
#include "outbox/blocked_streams.hpp"

#include <doctest/doctest.h>

namespace outboxd {
namespace {

using namespace std::chrono_literals;
constexpr BlockedStreams::TimePoint kStart{1h};

}  // namespace

TEST_CASE("a refused stream is left out, probed with back-off, put on trial, and free when an entry is taken") {
  BlockedStreams blocked{100ms, 1s};
  CHECK(blocked.next_at() == BlockedStreams::TimePoint::max());
  CHECK(blocked.refuse("a", "WRONGTYPE", kStart, 0.0));
  CHECK_FALSE(blocked.refuse("a", "WRONGTYPE", kStart, 0.0));
  CHECK(blocked.entries_allowed("a") == 0);
  CHECK_FALSE(blocked.entries_allowed("b"));
  CHECK(blocked.left_out() == std::vector<std::string>{"a"});
  CHECK(blocked.next_at() == kStart + 100ms);
  CHECK_FALSE(blocked.next_probe(kStart + 99ms));
  CHECK(blocked.next_probe(kStart + 100ms) == "a");
  // Once, until its outcome is known.
  CHECK_FALSE(blocked.next_probe(kStart + 1h));
  // For another reason.
  CHECK(blocked.refuse("a", "MOVED", kStart + 100ms, 0.0));
  CHECK(blocked.next_at() == kStart + 300ms);
  CHECK(blocked.next_probe(kStart + 300ms) == "a");
  blocked.put_on_trial("a", kStart + 300ms);
  CHECK(blocked.entries_allowed("a") == 1);
  CHECK(blocked.left_out().empty());
  CHECK(blocked.size() == 1);
  CHECK(blocked.refuse("a", "WRONGTYPE", kStart + 400ms, 0.0));
  CHECK(blocked.entries_allowed("a") == 0);
  CHECK(blocked.next_probe(kStart + 10s) == "a");
  blocked.put_on_trial("a", kStart + 10s);
  CHECK(blocked.accept("a") == kStart);
  CHECK_FALSE(blocked.accept("a"));
  CHECK(blocked.empty());
}

TEST_CASE("probes come at most so far apart, trials five times as far, and of a crowd each more seldom") {
  BlockedStreams blocked{100ms, 1s};
  blocked.refuse("a", "no", kStart, 0.0);
  auto now = kStart;
  for (int i = 0; i < 10; ++i) {
    now += 1h;
    CHECK(blocked.next_probe(now) == "a");
    blocked.refuse("a", "no", now, 0.0);
  }
  CHECK(blocked.next_at() == now + 1s);
  for (int i = 0; i < 10; ++i) {
    now += 1h;
    CHECK(blocked.next_probe(now) == "a");
    blocked.put_on_trial("a", now);
    blocked.refuse("a", "no", now, 0.0);
  }
  CHECK(blocked.next_at() == now + 5s);
  for (int i = 0; i < 159; ++i) blocked.refuse("b" + std::to_string(i), "no", now + 1h, 0.0);
  CHECK(blocked.next_probe(now + 10s) == "a");
  blocked.refuse("a", "no", now + 10s, 0.0);
  CHECK(blocked.next_at() == now + 10s + 11s);
}

TEST_CASE("a trial in which nothing comes is over; when Redis is back all are probed at once") {
  BlockedStreams blocked{100ms, 1h};
  blocked.refuse("a", "no", kStart, 0.0);
  blocked.refuse("b", "no", kStart, 0.0);
  CHECK(blocked.next_probe(kStart + 1s) == "a");
  blocked.put_on_trial("a", kStart);
  CHECK(blocked.end_idle_trials(kStart + 9s).empty());
  CHECK(blocked.end_idle_trials(kStart + 10s) == std::vector<std::string>{"a"});
  CHECK_FALSE(blocked.entries_allowed("a"));
  CHECK(blocked.next_probe(kStart + 10s) == "b");
  blocked.refuse("b", "no", kStart + 10s, 0.0);
  CHECK_FALSE(blocked.next_probe(kStart + 10s));
  blocked.probe_all(kStart + 10s);
  CHECK(blocked.next_probe(kStart + 10s) == "b");
  blocked.was_not_probed("b", kStart + 11s);
  CHECK(blocked.next_probe(kStart + 11s) == "b");
}

TEST_CASE("each further trial takes many more entries, as the first ones may be bad by themselves") {
  BlockedStreams blocked{100ms, 1s};
  blocked.refuse("a", "no", kStart, 0.0);
  auto now = kStart;
  for (const std::size_t expected : {1, 8, 64, 64}) {
    now += 1h;
    CHECK(blocked.next_probe(now) == "a");
    blocked.put_on_trial("a", now);
    CHECK(blocked.entries_allowed("a") == expected);
    // All of one trial are refused.
    for (std::size_t i = 0; i < expected; ++i) blocked.refuse("a", "no", now, 0.0);
  }
  CHECK(blocked.accept("a") == kStart);
  blocked.refuse("a", "no", now, 0.0);
  blocked.put_on_trial("a", now);
  CHECK(blocked.entries_allowed("a") == 1);
}

TEST_CASE("stream names come from the programs that insert rows: their number is bounded") {
  BlockedStreams blocked{100ms, 1s};
  for (std::size_t i = 0; i < BlockedStreams::kMost; ++i) CHECK(blocked.refuse(std::to_string(i), "no", kStart, 0.0));
  CHECK_FALSE(blocked.refuse("one more", "no", kStart, 0.0));
  CHECK_FALSE(blocked.entries_allowed("one more"));
  CHECK(blocked.size() == BlockedStreams::kMost);
}

TEST_CASE("with once: a stream has had its turn when it was refused so often") {
  BlockedStreams blocked{100ms, 1s};
  CHECK_FALSE(blocked.any_left_out_before(3));
  blocked.refuse("a", "no", kStart, 0.0);
  CHECK(blocked.any_left_out_before(2));
  CHECK_FALSE(blocked.any_left_out_before(1));
  CHECK(blocked.next_probe(kStart + 1s));
  blocked.put_on_trial("a", kStart);
  CHECK_FALSE(blocked.any_left_out_before(3));
}

}  // namespace outboxd
