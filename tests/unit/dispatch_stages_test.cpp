// SPDX-License-Identifier: Apache-2.0
// Stages of the dispatcher and their shared objects, each by itself.
#include "support/dispatch_bench.hpp"

namespace outboxd::dispatch {

namespace {

/// The objects that stages share, without the rest of a dispatcher.
struct Stages {
  explicit Stages(DispatcherOptions the_options = Bench::daemon()) : options{the_options} {}

  /// Runs a stage; `done` is set at its end.
  void start(Awaitable<void> stage, bool& done) {
    boost::asio::co_spawn(loop, std::move(stage), [&done](const std::exception_ptr& error) {
      done = true;
      if (error) std::rethrow_exception(error);
    });
    poll();
  }
  void poll() {
    loop.restart();
    loop.poll();
  }
  void run_for(std::chrono::milliseconds time) {
    const auto until = clock.now() + time;
    for (poll(); clock.next() <= until; poll()) clock.advance();
    clock.jump(until);
  }

  VirtualClock clock;
  boost::asio::io_context loop{1};
  DispatcherOptions options;
  std::function<double()> random = [] { return 0.0; };
  HealthWatcher observer;
  FakeStore store{clock};
  RunState run{options, clock};
  HealthReporter health{observer, run};
  InFlight in_flight{loop.get_executor(), clock, run};
  Shared shared{options, clock, observer, random, run, health, in_flight};
  IdleWait idle{loop.get_executor(), options.poll_interval, {&store, clock, observer, run}};
  HeldRows held{observer, in_flight, 10s};
  PoisonCandidates candidates{shared, &store, held, idle};
};

Awaitable<void> wait_for_rows(IdleWait& idle, TimePoint now) {
  co_await idle.wait(0, now, TimePoint::max());
}

/// Housekeeping that returns prepared results.
struct Finds final : Housekeeping {
  explicit Finds(VirtualClock& the_clock) : clock{the_clock} {}

  Awaitable<StoreResult<LeaseScan>> scan(std::vector<std::string> known, std::string /*due_by*/) override {
    asked_for.push_back(std::move(known));
    found.workers.at = clock.now();
    if (fails) co_return StoreError{"scanning fails"};
    co_return found;
  }
  Awaitable<StoreResult<bool>> end_leases_of(std::vector<std::string> workers) override {
    ended.push_back(std::move(workers));
    co_return can_end;
  }
  Awaitable<StoreResult<std::vector<std::string>>> poison_candidates(std::string /*due_by*/) override {
    co_return std::vector<std::string>{};
  }

  VirtualClock& clock;
  LeaseScan found;
  bool fails = false;
  StoreResult<bool> can_end = true;
  /// The workers that each scan had to look for, and the workers of each end_leases_of().
  std::vector<std::vector<std::string>> asked_for;
  std::vector<std::vector<std::string>> ended;
};

struct FreedWatcher final : Observer {
  void freed_rows_of(std::string_view worker) override { freed.emplace_back(worker); }
  std::vector<std::string> freed;
};

}  // namespace

TEST_CASE("the run: its first reason to give up counts, and the earlier of two deadlines") {
  auto options = Bench::once();
  VirtualClock clock;
  options.once_deadline = clock.now() + 5s;
  options.shutdown_timeout = 1s;
  RunState run{options, clock};
  CHECK(run.waits_for_outages());
  CHECK(run.deadline() == clock.now() + 5s);
  CHECK(run.within_once(kUntilSet) == clock.now() + 5s);
  CHECK_FALSE(run.claiming_is_over());
  run.claimed_at("first");
  run.claimed_at("second");
  CHECK(run.due_by() == "first");
  CHECK(run.stop());
  CHECK_FALSE(run.stop());
  CHECK(run.deadline() == clock.now() + 1s);
  CHECK(run.claiming_is_over());
  CHECK(run.abort_reason() == "");
  run.give_up("one");
  run.give_up("another");
  CHECK(run.abort_reason() == "one");

  RunState late{options, clock};
  clock.jump(clock.now() + 5s);
  CHECK(late.claiming_is_over());
  CHECK(late.abort_reason() == "the time given by --timeout is over");
}

TEST_CASE("rows in flight: the wait for none of them ends with the last one, or with the run") {
  Stages stages;
  bool drained = false;
  stages.in_flight.claimed(3);
  stages.start(stages.in_flight.drained(), drained);
  stages.in_flight.finished(1);
  stages.run_for(1h);
  CHECK_FALSE(drained);
  // The outcome of the other rows is known.
  stages.in_flight.postponed(2);
  stages.poll();
  CHECK(drained);
  CHECK_FALSE(stages.in_flight.is_empty());
  stages.in_flight.postponed_finished(2);
  CHECK(stages.in_flight.is_empty());

  drained = false;
  stages.in_flight.claimed(1);
  stages.start(stages.in_flight.drained(), drained);
  stages.run.stop();
  stages.in_flight.stop();
  stages.poll();
  CHECK(drained);
}

TEST_CASE("the idle wait lasts for the interval, and ends early for a later event, not for an earlier one") {
  Stages stages;
  stages.idle.end_wait();
  bool ended = false;
  stages.start(wait_for_rows(stages.idle, stages.clock.now()), ended);
  stages.run_for(249ms);
  CHECK_FALSE(ended);
  stages.run_for(1ms);
  CHECK(ended);

  ended = false;
  stages.start(wait_for_rows(stages.idle, stages.clock.now()), ended);
  stages.idle.end_wait();
  stages.poll();
  CHECK(ended);
}

TEST_CASE("an idle wait that begins when the run has been stopped is none") {
  Stages stages;
  stages.run.stop();
  bool ended = false;
  stages.start(wait_for_rows(stages.idle, stages.clock.now()), ended);
  CHECK(ended);
}

TEST_CASE("without commit notification nothing is asked for") {
  Stages stages;
  IdleWait idle{stages.loop.get_executor(), 250ms, {nullptr, stages.clock, stages.observer, stages.run}};
  bool ended = false;
  stages.start(
      [](IdleWait& wait, TimePoint now) -> Awaitable<void> {
        const bool armed = co_await wait.arm(0);
        CHECK_FALSE(armed);
        co_await wait.wait(0, now, TimePoint::max());
        co_await wait.disarm();
      }(idle, stages.clock.now()),
      ended);
  stages.run_for(250ms);
  CHECK(ended);
  CHECK(stages.observer.wake_ups_seen.empty());
}

TEST_CASE("the reaper scans more often while workers are missing, and not where no row was due") {
  Stages stages;
  Finds finds{stages.clock};
  Reaper reaper{stages.loop.get_executor(), stages.shared, &finds, stages.candidates, stages.idle};
  bool ended = false;
  stages.start(reaper.run(), ended);
  CHECK(finds.asked_for.size() == 1);
  stages.run_for(800ms);
  CHECK(finds.asked_for.size() == 2);
  finds.found.workers.missing = {"w"};
  finds.found.poison_candidates = {"7"};
  stages.run_for(800ms);
  CHECK(finds.asked_for.size() == 3);
  CHECK_FALSE(stages.candidates.empty());
  CHECK(stages.candidates.take() == "7");
  stages.run_for(460ms);
  CHECK(finds.asked_for.size() == 4);
  CHECK(finds.asked_for.back() == std::vector<std::string>{"w"});
  reaper.nothing_was_due(stages.clock.now() + 1min);
  stages.run_for(1min);
  CHECK(finds.asked_for.size() == 4);
  stages.run.end();
  reaper.end();
  stages.poll();
  CHECK(ended);
}

TEST_CASE("the reaper ends the leases of a worker that three scans missed, and repeats that until it succeeds") {
  Stages stages;
  Finds finds{stages.clock};
  FreedWatcher watcher;
  const Shared shared{stages.options, stages.clock,  watcher,         stages.random,
                      stages.run,     stages.health, stages.in_flight};
  Reaper reaper{stages.loop.get_executor(), shared, &finds, stages.candidates, stages.idle};
  finds.found.workers.missing = {"w"};
  finds.can_end = StoreError{"ending leases fails"};
  bool ended = false;
  stages.start(reaper.run(), ended);
  stages.run_for(900ms);
  CHECK(finds.ended.empty());
  stages.run_for(20ms);
  CHECK(finds.ended == std::vector<std::vector<std::string>>{{"w"}});
  CHECK(watcher.freed.empty());
  // The count starts again, and a scan without an answer does not count.
  finds.can_end = true;
  finds.fails = true;
  stages.run_for(460ms);
  finds.fails = false;
  stages.run_for(920ms);
  CHECK(finds.ended.size() == 1);
  CHECK(watcher.freed.empty());
  stages.run_for(460ms);
  CHECK(finds.ended.size() == 2);
  CHECK(watcher.freed == std::vector<std::string>{"w"});
  stages.run.end();
  reaper.end();
  stages.poll();
  CHECK(ended);
}

TEST_CASE("candidates that are held for something else are not claimed alone") {
  Stages stages;
  stages.held.quarantine().add({"1", "refused", false, "cause"}, stages.clock.now());
  stages.candidates.add({"1"});
  CHECK(stages.candidates.empty());
  stages.candidates.add({"1", "2", "3"});
  CHECK(stages.candidates.take() == "2");
  CHECK(stages.candidates.take() == "3");
  CHECK(stages.candidates.empty());
}

TEST_CASE("the sampler counts at its interval, and at the end until the rest is certain") {
  Stages stages;
  int samples = 0;
  BacklogSampler sampler{stages.loop.get_executor(), stages.shared, &stages.store,
                         [&](const BacklogSample& /*sample*/) { ++samples; }};
  bool ended = false;
  stages.start(sampler.run(), ended);
  CHECK(samples == 1);
  stages.run_for(5s);
  CHECK(samples == 2);
  stages.run.end();
  sampler.end();
  stages.poll();
  CHECK(ended);

  stages.store.sampled.due = 1;
  bool counted = false;
  stages.start(sampler.count_what_remains(), counted);
  stages.run_for(1s);
  CHECK(counted);
  CHECK(samples == 5);
  CHECK(sampler.last()->due == 1);
}

TEST_CASE("health: Redis comes before Postgres, and a doubt is no outage") {
  Stages stages;
  auto& trouble = stages.health.trouble();
  stages.health.report_unless_starting();
  CHECK(stages.observer.seen.empty());
  stages.health.report();
  trouble.redis = "OOM";
  trouble.redis_in_doubt = true;
  stages.health.report();
  trouble.redis_in_doubt = false;
  trouble.claim = "away";
  stages.health.report();
  trouble.redis.clear();
  stages.health.report();
  stages.run.stop();
  stages.health.report();
  CHECK(stages.observer.seen ==
        std::vector{Health::working, Health::redis_unavailable, Health::postgres_unavailable, Health::stopping});
}

TEST_CASE("a source needs no wake-ups, housekeeping or counting") {
  Bench bench{Bench::once()};
  bench.insert("1");
  auto parts = parts_of(bench.store, bench.publisher, bench.clock, bench.observer);
  parts.commits = nullptr;
  parts.housekeeping = nullptr;
  parts.backlog = nullptr;
  Dispatcher dispatcher{bench.loop.get_executor(), Bench::once(), std::move(parts)};
  bool ended = false;
  boost::asio::co_spawn(bench.loop, dispatcher.run(), [&](const std::exception_ptr& error) {
    ended = true;
    if (error) std::rethrow_exception(error);
  });
  for (int i = 0; i < 100 && !ended; ++i) {
    bench.loop.restart();
    bench.loop.poll();
    bench.clock.advance();
  }
  CHECK(ended);
  CHECK(bench.row("1").published);
  CHECK(bench.store.arms + bench.store.scans == 0);
  CHECK_FALSE(dispatcher.backlog());
}

}  // namespace outboxd::dispatch
