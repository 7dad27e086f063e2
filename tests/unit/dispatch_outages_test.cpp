// SPDX-License-Identifier: Apache-2.0
// Faults that the seeded simulation has found, each in its few essential steps.
#include "support/dispatch_bench.hpp"

#include <algorithm>
#include <string>

namespace outboxd::dispatch {

TEST_CASE("no row dies of an outage that begins after others went through") {
  Bench bench{Bench::daemon()};
  bench.insert("1");
  bench.insert("2");
  bool down = true;
  int tries = 0;
  bench.publisher.answer = [&](const std::string& id) {
    const bool taken = !down || (id == "1" && ++tries > 1);
    return taken ? Reply{Fault::none, "1-1"} : Reply{Fault::unanswered, "no answer in time"};
  };
  bench.run_for(1h);
  CHECK(bench.row("1").published);
  CHECK_FALSE(bench.row("2").dead);
  CHECK(bench.row("2").attempts == 2);
  down = false;
  bench.run_for(5min);
  CHECK(bench.row("2").published);
  bench.end();
  check_adds_up(bench.dispatcher.tally());
}

TEST_CASE("with a single attempt, too, a row that takes the connection down is alone from then on, and ends dead") {
  auto options = Bench::daemon();
  options.retry.max_attempts = 1;
  Bench bench{options};
  for (const auto* id : {"1", "2", "3", "4"}) bench.insert(id);
  bool down = false;
  bench.publisher.answer = [&down](const std::string& id) {
    down = down || id == "2";
    return down ? Reply{Fault::unanswered, "connection lost"} : Reply{Fault::none, "1-1"};
  };
  bench.publisher.on_publish = [&down] { down = false; };
  bench.run_for(10min);
  CHECK(bench.row("2").dead);
  for (const auto* id : {"1", "3", "4"}) CHECK(bench.row(id).published);
  const auto shared = std::ranges::count_if(
      bench.publisher.writes, [](const auto& ids) { return ids.size() > 1 && std::ranges::count(ids, "2") > 0; });
  CHECK(shared == 1);
  bench.end();
}

TEST_CASE("a row whose lease was lost after it was sent is only marked when it is claimed again") {
  Bench bench{Bench::daemon()};
  bench.insert("1");
  bench.store.settle_failures = 1'000'000;
  bench.store.unreachable = true;
  bench.run_for(1s);
  bench.store.failure = "the store is away";
  bench.store.table.free_leases_of("w", bench.clock.now());
  bench.store.settle_failures = 0;
  bench.run_for(5s);
  bench.store.failure.clear();
  bench.run_for(2min);
  CHECK(bench.row("1").published);
  CHECK(bench.publisher.published == std::vector<std::string>{"1"});
  CHECK(bench.observer.refused.empty());
  bench.end();
  check_adds_up(bench.dispatcher.tally());
}

TEST_CASE("a lease that was lost while the store was unreachable is counted, and the other worker's outcome stays") {
  Bench bench{Bench::daemon()};
  bench.insert("1");
  bench.store.settle_failures = 1'000'000;
  bench.store.unreachable = true;
  bench.run_for(1s);
  bench.store.failure = "the store is away";
  bench.run_for(40s);
  bench.store.table.claim("other", 1, bench.clock.now(), 30s);
  bench.store.settle_failures = 0;
  bench.run_for(5s);
  CHECK(bench.dispatcher.tally().leases_lost == 1);
  CHECK(bench.dispatcher.tally().possible_duplicates == 1);
  CHECK(bench.row("1").locked_by == "other");
  CHECK_FALSE(bench.row("1").published);
  bench.end();
}

TEST_CASE("a batch that waited for the store until its lease was over says so, and blames no short lease") {
  auto options = Bench::daemon();
  options.batch_rows = 1;
  Bench bench{options};
  for (const auto* id : {"1", "2", "3", "4", "5", "6"}) bench.insert(id);
  bench.store.settle_failures = 1'000'000;
  bench.store.unreachable = true;
  bench.run_for(40s);
  bench.store.settle_failures = 0;
  bench.run_for(5min);
  const auto& why = bench.observer.why_failed;
  const auto says = [&why](const std::string& text) {
    return std::ranges::count_if(why, [&](const auto& one) { return one.find(text) != std::string::npos; });
  };
  CHECK(says("as Postgres was unreachable meanwhile") > 0);
  CHECK(says("raise dispatcher.lease") == 0);
  for (const auto* id : {"1", "6"}) CHECK(bench.row(id).published);
  bench.end();
}

TEST_CASE(
    "a row that is due again after it was published is held, or sent again at once where an outage undid its mark") {
  for (const bool outage : {true, false}) {
    CAPTURE(outage);
    Bench bench{Bench::daemon()};
    bench.insert("1");
    bench.run_for(1s);
    REQUIRE(bench.row("1").published);
    bench.store.unreachable = true;
    if (outage) bench.store.failure = "the store is away";
    bench.run_for(1s);
    bench.store.failure.clear();
    bench.store.table.undo("1", false);
    bench.run_for(5s);
    CHECK(bench.publisher.published.size() == (outage ? 2 : 1));
    CHECK(bench.row("1").published == outage);
    CHECK(bench.observer.why_refused.size() == (outage ? 0 : 1));
    // It was undone a second time.
    bench.store.table.undo("1", false);
    bench.run_for(5s);
    CHECK_FALSE(bench.row("1").published);
    REQUIRE(bench.observer.why_refused.size() == 1);
    CHECK(bench.observer.why_refused.front().find("does a trigger undo its outcome?") != std::string::npos);
    bench.end();
  }
}

TEST_CASE("an outcome whose answer was lost is no lost lease") {
  Bench bench{Bench::daemon()};
  bench.insert("1");
  bench.store.settle_failures = 3;
  bench.store.settle_failures_have_effect = true;
  bench.run_for(20s);
  CHECK(bench.row("1").published);
  CHECK(bench.dispatcher.tally().leases_lost == 0);
  CHECK(bench.dispatcher.tally().possible_duplicates == 0);
  bench.end();
}

TEST_CASE("once: a row that is given back after an empty claim is claimed again") {
  auto options = Bench::once();
  options.once_deadline = VirtualClock{}.now() + 1min;
  Bench bench{options};
  bench.insert("1");
  bench.publisher.answer = [&](const std::string&) {
    return bench.publisher.writes.size() == 1 ? Reply{Fault::redis_unavailable, "OOM"} : Reply{Fault::none, "1-1"};
  };
  // So that the breaker has opened and closed again when a claim finds nothing, and the row is still in flight then.
  bench.store.on_claim = [&] { bench.store.failure = bench.store.claims == 2 ? "claiming fails" : ""; };
  bench.store.settle_failures = 5;
  bench.run_for(2min);
  CHECK(bench.ended);
  CHECK(bench.row("1").published);
  CHECK(bench.dispatcher.abort_reason() == "");
  check_adds_up(bench.dispatcher.tally());
}

TEST_CASE("once: a probe that is answered while entries are refused does not make it spin") {
  auto options = Bench::once();
  options.once_deadline = VirtualClock{}.now() + 1min;
  Bench bench{options};
  bench.insert("1");
  bench.publisher.answer = [](const std::string&) { return Reply{Fault::redis_unavailable, "OOM"}; };
  bench.run_for(2min);
  CHECK(bench.ended);
  CHECK(bench.store.claims < 150);
  CHECK(bench.row("1").attempts == 0);
}

}  // namespace outboxd::dispatch
