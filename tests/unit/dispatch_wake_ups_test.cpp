// SPDX-License-Identifier: Apache-2.0
// The claim loop's waits: by polling, and woken by commits.
#include "outbox/poll_pace.hpp"
#include "support/dispatch_bench.hpp"

namespace outboxd::dispatch {

namespace {

DispatcherOptions slow_poll() {
  auto options = Bench::daemon();
  options.poll_interval = 1h;
  return options;
}

/// Inserts a row, and notifies of it.
void commit(Bench& bench, const std::string& id) {
  bench.insert(id);
  bench.store.commit();
}

}  // namespace

TEST_CASE("without wake-ups a row is found at the next poll, and the store is asked again now and then") {
  auto options = Bench::daemon();
  Bench bench{options};
  bench.run_for(100ms);
  commit(bench, "1");
  bench.run_for(100ms);
  CHECK_FALSE(bench.row("1").published);
  bench.run_for(200ms);
  CHECK(bench.row("1").published);
  bench.run_for(1min);
  CHECK(bench.observer.wake_ups_seen == std::vector{false});
  CHECK(bench.store.arms >= 5);
  CHECK(bench.store.arms <= 8);
  bench.store.wake_ups = WakeUps::armed;
  bench.run_for(12s);
  CHECK(bench.observer.wake_ups_seen == std::vector{false, true});
  bench.end();
}

TEST_CASE("a commit wakes an idle dispatcher, which stays subscribed") {
  Bench bench{slow_poll()};
  bench.store.wake_ups = WakeUps::armed;
  bench.run_for(1s);
  CHECK(bench.store.armed);
  CHECK(bench.store.claims == 2);
  for (const auto* id : {"1", "2", "3"}) {
    commit(bench, id);
    bench.run_for(20ms);
    CHECK(bench.row(id).published);
  }
  CHECK(bench.store.armed);
  CHECK(bench.observer.times_woken == 3);
  // One claim each: a dispatcher that is notified of every commit needs no further claim.
  CHECK(bench.store.claims == 5);
  bench.end();
}

TEST_CASE("a row committed before wake-ups were armed is found at once") {
  Bench bench{slow_poll()};
  bench.store.wake_ups = WakeUps::armed;
  bench.store.on_arm = [&bench] {
    if (bench.store.arms == 1) bench.insert("untold");
  };
  bench.run_for(1s);
  CHECK(bench.row("untold").published);
  bench.end();
}

TEST_CASE("a commit that comes between a claim and the wait after it is not overlooked") {
  Bench bench{slow_poll()};
  bench.store.wake_ups = WakeUps::armed;
  bench.run_for(1s);
  bench.store.after_claim = [&bench] {
    if (bench.store.claims == 3) commit(bench, "between");
  };
  commit(bench, "first");
  bench.run_for(1s);
  CHECK(bench.row("first").published);
  CHECK(bench.row("between").published);
  bench.end();
}

TEST_CASE("a busy table is also checked for wake-ups, and polled at the interval where it has none") {
  auto options = Bench::daemon();
  Bench bench{options};
  for (int i = 0; i < 200; ++i) {
    for (int n = 0; n < 5; ++n) bench.insert(std::to_string(1'000 + 10 * i + n));
    bench.run_for(100ms);
    if (i == 50) bench.store.wake_ups = WakeUps::not_now;
  }
  CHECK(bench.observer.wake_ups_seen == std::vector{false, true});
  bench.end();
}

TEST_CASE("when commits follow each other closely, few of them are asked to notify") {
  Bench bench{slow_poll()};
  bench.store.wake_ups = WakeUps::armed;
  bench.run_for(1s);
  int told = 0;
  for (int i = 0; i < 1'000; ++i) {
    if (bench.store.armed) ++told;
    commit(bench, std::to_string(10'000 + i));
    bench.run_for(1ms);
  }
  CHECK(told < 250);
  bench.run_for(100ms);
  CHECK(bench.publisher.published.size() == 1'000);
  CHECK(bench.store.armed);
  bench.end();
}

TEST_CASE("no notification is asked for when no more rows will be claimed") {
  auto options = slow_poll();
  options.max_rows_per_second = 1;
  Bench bench{options};
  bench.store.wake_ups = WakeUps::armed;
  bench.run_for(1s);
  CHECK(bench.store.armed);
  commit(bench, "1");
  bench.run_for(100ms);
  // The next one may go in a second.
  CHECK(bench.row("1").published);
  CHECK_FALSE(bench.store.armed);

  Bench refused{slow_poll()};
  refused.store.wake_ups = WakeUps::armed;
  refused.run_for(1s);
  refused.publisher.answer = [](const std::string&) { return Reply{Fault::redis_unavailable, "OOM"}; };
  refused.publisher.probe_reply = {Fault::redis_unavailable, "OOM"};
  commit(refused, "1");
  refused.run_for(1s);
  CHECK_FALSE(refused.store.armed);
  const auto probes = refused.publisher.probes.size();
  for (int i = 0; i < 10; ++i) refused.store.commit();
  refused.run_for(10ms);
  CHECK(refused.publisher.probes.size() <= probes + 1);
  bench.end();
  refused.end();
}

TEST_CASE("while others write without a word, the polls come ever more seldom, up to the interval") {
  auto options = Bench::daemon();
  options.poll_interval = 250ms;
  Bench bench{options};
  bench.store.wake_ups = WakeUps::not_now;
  bench.run_for(500ms);
  CHECK(bench.store.claims >= 20);
  CHECK(bench.store.claims <= 24);
  const int before = bench.store.claims;
  bench.run_for(10s);
  CHECK(bench.store.claims - before <= 46);
  CHECK(bench.observer.wake_ups_seen == std::vector{true});
  bench.end();
}

TEST_CASE("short waits without wake-ups don't listen, and longer ones do, as another dispatcher may hold the lock") {
  auto options = Bench::daemon();
  options.poll_interval = 250ms;
  Bench bench{options};
  bench.store.wake_ups = WakeUps::not_now;
  bench.run_for(4ms);
  CHECK(bench.store.claims > 2);
  CHECK(bench.store.listens == 0);
  bench.run_for(1s);
  CHECK(bench.store.listens > 0);
  CHECK(bench.store.listens < bench.store.claims);
  bench.end();
}

TEST_CASE("a few wake-ups a second are never too many, and a rush soon is") {
  WakeUpBudget budget;
  auto now = WakeUpBudget::TimePoint{} + 1h;
  for (int i = 0; i < 1'000; ++i) {
    CHECK(budget.allows(now));
    CHECK(budget.take(now));
    now += 10ms;
  }
  int taken = 1;
  while (budget.take(now)) ++taken;
  CHECK(taken <= 10);
  CHECK_FALSE(budget.allows(now));
  now += 24ms;
  CHECK_FALSE(budget.allows(now));
  now += 2ms;
  CHECK(budget.allows(now));
}

TEST_CASE("the pace: short at first, and ever longer while nothing comes") {
  PollPace pace{250ms};
  CHECK(pace.after_none() == 1ms);
  CHECK(pace.after_none() == 1'250us);
  for (int i = 0; i < 30; ++i) static_cast<void>(pace.after_none());
  CHECK(pace.after_none() == 250ms);
  pace.begin_short();
  CHECK(pace.after_none() == 1ms);
  PollPace quick{2ms};
  CHECK(quick.after_rows(1, 1s) == 2ms);
  CHECK(quick.after_none() == 2ms);
}

TEST_CASE("the pace: while claims are as quick as ever there is room, and rows wait for next to nothing") {
  struct Case {
    const char* what;
    /// The latest claims, each of one row; the quickest before them took 0.2 ms.
    std::chrono::microseconds took;
    std::size_t rows;
    std::chrono::microseconds work;
    std::chrono::microseconds rest;
  };
  for (const auto& one : {
           Case{"usual claims", 200us, 1, 1ms, 2'350us},
           Case{"the more rows, the more of them share a claim", 200us, 5, 1ms, 3'750us},
           Case{"but not ever longer", 200us, 20, 1ms, 4'500us},
           Case{"what takes long for once is no sign of a full machine", 200us, 1, 50ms, 2'350us},
           Case{"busy, and not full", 700us, 1, 1ms, 2'350us},
           Case{"filling up", 1'050us, 1, 2ms, 9ms},
           Case{"full", 1'400us, 1, 2ms, 16ms},
           Case{"full, and held up for once", 1'400us, 1, 1s, 44'800us},
           Case{"full, and much to do", 5ms, 1, 1s, 100ms},
       }) {
    CAPTURE(one.what);
    PollPace pace{250ms};
    for (int i = 0; i < 20; ++i) pace.claimed(1, 200us);
    for (int i = 0; i < 25; ++i) pace.claimed(1, one.took);
    CHECK(pace.after_rows(one.rows, one.work) == one.rest);
  }
}

TEST_CASE("the pace: a few slow claims do not make the machine full, and a few quick ones end that") {
  PollPace pace{250ms};
  for (int i = 0; i < 30; ++i) pace.claimed(1, 200us);
  for (int i = 0; i < 10; ++i) pace.claimed(1, 2ms);
  CHECK(pace.after_rows(1, 2ms) < 5ms);
  for (int i = 0; i < 10; ++i) pace.claimed(1, 2ms);
  CHECK(pace.after_rows(1, 2ms) == 16ms);
  for (int i = 0; i < 3; ++i) pace.claimed(1, 200us);
  CHECK(pace.after_rows(1, 2ms) < 5ms);
}

TEST_CASE("the pace: claims of many rows take longer by their rows, and empty claims don't count") {
  PollPace pace{250ms};
  for (int i = 0; i < 20; ++i) pace.claimed(1, 200us);
  for (int i = 0; i < 20; ++i) pace.claimed(0, 10us);
  for (int i = 0; i < 20; ++i) pace.claimed(32, 800us);
  CHECK(pace.after_rows(1, 1ms) == 2'350us);
  // The quickest claims of long ago are no measure any more: the table or the network may have changed.
  for (int i = 0; i < 4'100; ++i) pace.claimed(1, 2ms);
  CHECK(pace.after_rows(1, 2ms) == 2'350us);
}

}  // namespace outboxd::dispatch
