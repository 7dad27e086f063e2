// SPDX-License-Identifier: Apache-2.0
// The dispatcher against fakes of its ports, for interleavings that real servers can't be made to show.
#include "support/dispatch_bench.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

namespace outboxd::dispatch {

TEST_CASE("once: publishes due rows, in order, and ends") {
  Bench bench{Bench::once()};
  for (const auto* id : {"3", "1", "2"}) bench.insert(id);
  bench.run_for(1min);
  CHECK(bench.ended);
  CHECK(bench.publisher.published == std::vector<std::string>{"1", "2", "3"});
  CHECK(bench.dispatcher.tally().published == 3);
  CHECK(bench.dispatcher.abort_reason() == "");
  // Rows that were inserted after the first claim are left alone.
  CHECK(bench.store.due_by.front() == "");
  CHECK(bench.store.due_by.back() == "now");
  check_adds_up(bench.dispatcher.tally());
}

TEST_CASE("once: an outage ends it, unless there is time to wait it out") {
  Bench impatient{Bench::once()};
  impatient.insert("1");
  impatient.publisher.probe_reply = {Fault::redis_unreachable, "connection refused"};
  impatient.run_for(1min);
  CHECK(impatient.ended);
  CHECK(impatient.dispatcher.abort_reason() == "connection refused");
  CHECK(impatient.store.claims == 0);

  auto options = Bench::once();
  options.once_deadline = VirtualClock{}.now() + 10s;
  Bench patient{options};
  patient.insert("1");
  patient.publisher.probe_reply = {Fault::redis_unreachable, "connection refused"};
  patient.run_for(5s);
  CHECK_FALSE(patient.ended);
  patient.publisher.probe_reply = {};
  patient.run_for(5s);
  CHECK(patient.ended);
  CHECK(patient.row("1").published);

  Bench too_late{options};
  too_late.publisher.probe_reply = {Fault::redis_unreachable, "connection refused"};
  const auto start = too_late.clock.now();
  too_late.run_for(1h);
  CHECK(too_late.ended);
  CHECK(too_late.clock.now() - start < 11s);
  CHECK(too_late.dispatcher.abort_reason() == "the time given by --timeout is over");
}

TEST_CASE("while nothing is due, leases are not scanned") {
  Bench bench{Bench::daemon()};
  bench.run_for(10s);
  CHECK(bench.store.scans >= 12);
  bench.store.any_due = false;
  bench.run_for(1s);
  const int before = bench.store.scans;
  bench.run_for(1h);
  CHECK(bench.store.scans == before);
  bench.store.any_due = true;
  bench.run_for(2s);
  CHECK(bench.store.scans >= before + 1);
  // Claims further apart than a scan may come late don't show it.
  auto options = Bench::daemon();
  options.poll_interval = 10s;
  Bench seldom{options};
  seldom.store.any_due = false;
  seldom.run_for(100s);
  CHECK(seldom.store.scans >= 100);
  bench.end();
  seldom.end();
}

TEST_CASE("a rate is kept, and batches grow in a backlog") {
  auto options = Bench::daemon();
  options.max_rows_per_second = 100;
  Bench slow{options};
  for (int i = 0; i < 2'000; ++i) slow.insert(std::to_string(i));
  slow.run_for(10s);
  CHECK(slow.publisher.published.size() >= 900);
  CHECK(slow.publisher.published.size() <= 1'010);

  options = Bench::daemon();
  options.batch_rows = 10;
  options.most_batch_rows = 35;
  Bench growing{options};
  for (int i = 0; i < 500; ++i) growing.insert(std::to_string(i));
  growing.run_for(10s);
  std::size_t largest = 0;
  for (const auto& write : growing.publisher.writes) largest = std::max(largest, write.size());
  CHECK(largest == 35);
  CHECK(growing.publisher.published.size() == 500);
}

TEST_CASE("no row is claimed while Redis is unreachable, and each change is reported once") {
  Bench bench{Bench::daemon()};
  bench.insert("1");
  bench.publisher.probe_reply = {Fault::redis_unavailable, "LOADING"};
  bench.run_for(1h);
  CHECK(bench.store.claims == 0);
  CHECK(bench.publisher.probes.size() > 3000);
  CHECK(bench.observer.seen == std::vector{Health::redis_unavailable});
  CHECK(bench.observer.reasons.front() == "LOADING");
  bench.publisher.probe_reply = {};
  bench.run_for(2s);
  CHECK(bench.row("1").published);
  CHECK(bench.observer.seen == std::vector{Health::redis_unavailable, Health::working});
  bench.end();
}

TEST_CASE("rows held when Redis refuses everyone are given back with their attempt") {
  Bench bench{Bench::daemon()};
  for (const auto* id : {"1", "2", "3"}) bench.insert(id);
  bench.publisher.answer = [](const std::string& id) {
    return id == "1" ? Reply{Fault::none, "1-1"} : Reply{Fault::redis_unavailable, "OOM"};
  };
  bench.publisher.on_publish = [&] { bench.publisher.probe_reply = {Fault::redis_unavailable, "OOM"}; };
  bench.run_for(1h);
  CHECK(bench.row("1").published);
  for (const auto* id : {"2", "3"}) {
    CHECK(bench.row(id).attempts == 0);
    CHECK(bench.row(id).lease == "");
    CHECK_FALSE(bench.row(id).dead);
  }
  CHECK(bench.publisher.probes.back() == "s");
  bench.publisher.answer = [](const std::string&) { return Reply{Fault::none, "1-1"}; };
  bench.publisher.on_publish = nullptr;
  bench.publisher.probe_reply = {};
  bench.run_for(2s);
  CHECK(bench.row("3").published);
  CHECK(bench.row("3").attempts == 1);
  bench.end();
  check_adds_up(bench.dispatcher.tally());
}

TEST_CASE("a probe that is answered while entries are refused does not make it spin") {
  Bench bench{Bench::daemon()};
  bench.insert("1");
  bench.publisher.answer = [](const std::string&) { return Reply{Fault::redis_unavailable, "OOM"}; };
  bench.run_for(1min);
  // One per poll interval, once it is known that Redis refuses only this stream.
  CHECK(bench.store.claims < 300);
  CHECK(bench.publisher.writes.size() < 60);
  CHECK(bench.row("1").attempts == 0);
  bench.end();
}

TEST_CASE("one bad row is dead at once, a refused one is retried, and their neighbours go out") {
  Bench bench{Bench::daemon()};
  bench.insert("1");
  bench.insert("2", "[1]");
  bench.insert("3");
  bench.insert("4");
  bench.publisher.answer = [](const std::string& id) {
    return id == "3" ? Reply{Fault::entry_refused, "WRONGTYPE"} : Reply{Fault::none, "1-1"};
  };
  bench.run_for(1s);
  CHECK(bench.row("1").published);
  CHECK(bench.row("2").dead);
  CHECK(bench.row("2").last_error == "payload is an array, and only a JSON object can be published");
  CHECK(bench.row("4").published);
  CHECK(bench.row("3").last_error == "WRONGTYPE");
  // The fault shows in other rows of its stream, which go through meanwhile.
  for (int i = 5; i < 9; ++i) {
    bench.insert(std::to_string(i));
    bench.run_for(1min);
  }
  CHECK(bench.row("3").dead);
  CHECK(bench.row("3").attempts == 3);
  CHECK(bench.row("3").last_error == "gave up after 3 attempts: WRONGTYPE");
  bench.end();
  CHECK(bench.dispatcher.tally().dead == 2);
  CHECK(bench.dispatcher.tally().retried == 2);
  check_adds_up(bench.dispatcher.tally());
}

TEST_CASE("a row that had used all its attempts is dead unsent") {
  Bench bench{Bench::daemon()};
  bench.insert("1", "{}", 3);
  bench.run_for(1min);
  CHECK(bench.row("1").dead);
  CHECK(bench.row("1").last_error.find("had used 3 of 3 attempts") != std::string::npos);
  CHECK(bench.publisher.published.empty());
  bench.end();
}

TEST_CASE("a batch whose lease has run out is not sent, and costs no attempt") {
  Bench bench{Bench::daemon()};
  bench.insert("1");
  bench.store.lease = 1s;
  bench.store.row_takes = 1s;
  bench.run_for(10s);
  CHECK(bench.publisher.published.empty());
  CHECK(bench.row("1").attempts <= 1);
  bench.store.lease = 30s;
  bench.run_for(3s);
  CHECK(bench.row("1").published);
  CHECK(bench.row("1").attempts == 1);
  bench.end();
  check_adds_up(bench.dispatcher.tally());
}

TEST_CASE("rows whose claim takes most of their lease go out, each once, in smaller batches") {
  for (const auto row_takes : {100ms, 300ms, 900ms}) {
    CAPTURE(row_takes.count());
    Bench bench{Bench::daemon()};
    for (int i = 0; i < 40; ++i) bench.insert(std::to_string(i));
    bench.store.lease = 1s;
    bench.store.row_takes = row_takes;
    bench.run_for(2min);
    CHECK(bench.publisher.published.size() == 40);
    // Few rows were given back: after each such claim the next is half as large.
    CHECK(bench.dispatcher.tally().released <= 64);
    CHECK(bench.dispatcher.tally().leases_lost == 0);
    bench.end();
    check_adds_up(bench.dispatcher.tally());
  }
}

TEST_CASE("outcomes survive an outage of the store, and are settled after it") {
  for (const bool unreachable : {true, false}) {
    Bench bench{Bench::daemon()};
    bench.insert("1");
    bench.store.settle_failures = 5;
    bench.store.unreachable = unreachable;
    bench.run_for(20s);
    CHECK(bench.row("1").published);
    CHECK(bench.publisher.published.size() == 1);
    // A server that answers, even with an error, is not called unavailable.
    const auto outage = unreachable ? Health::postgres_unavailable : Health::writes_refused;
    CHECK(bench.observer.seen == std::vector{Health::working, outage, Health::working});
    bench.end();
    CHECK(bench.dispatcher.tally().unsettled == 0);
  }
}

TEST_CASE(
    "outcomes are given up when the lease ends, and written when the row is claimed again, which isn't sent again") {
  Bench bench{Bench::daemon()};
  bench.insert("1");
  bench.store.settle_failures = 1'000'000;
  bench.run_for(40s);
  CHECK(bench.dispatcher.tally().unsettled == 1);
  CHECK(bench.dispatcher.tally().possible_duplicates == 1);
  bench.store.settle_failures = 0;
  bench.run_for(1min);
  CHECK(bench.row("1").published);
  CHECK(bench.publisher.published == std::vector<std::string>{"1"});
  bench.end();
}

TEST_CASE("a row that can't be settled with its batch holds up neither its neighbours nor later batches") {
  Bench bench{Bench::daemon()};
  for (const auto* id : {"1", "2", "3"}) bench.insert(id);
  bench.store.locked = {"2"};
  bench.run_for(5s);
  CHECK(bench.row("1").published);
  CHECK(bench.row("3").published);
  CHECK_FALSE(bench.row("2").published);
  bench.insert("4");
  bench.run_for(5s);
  CHECK(bench.row("4").published);
  CHECK(bench.observer.refused == std::vector<std::string>{"2"});
  CHECK(bench.observer.seen.back() == Health::working);
  bench.store.locked.clear();
  bench.run_for(4s);
  CHECK(bench.row("2").published);
  CHECK(bench.publisher.published == std::vector<std::string>{"1", "2", "3", "4"});
  bench.end();
  CHECK(bench.dispatcher.tally().unsettled == 0);
  check_adds_up(bench.dispatcher.tally());
}

TEST_CASE("a row that can't be settled until its lease ends is not sent again, however often its lease ends") {
  Bench bench{Bench::daemon()};
  bench.insert("1");
  bench.store.locked = {"1"};
  bench.run_for(45s);
  CHECK(bench.dispatcher.tally().unsettled == 1);
  CHECK(bench.dispatcher.tally().possible_duplicates == 1);
  bench.run_for(10min);
  CHECK(bench.publisher.published == std::vector<std::string>{"1"});
  CHECK(bench.row("1").attempts > 3);
  CHECK_FALSE(bench.row("1").dead);
  bench.store.locked.clear();
  bench.run_for(10min);
  CHECK(bench.row("1").published);
  CHECK(bench.publisher.published == std::vector<std::string>{"1"});
  bench.end();
  check_adds_up(bench.dispatcher.tally());
}

TEST_CASE("a store that refuses every due row is at fault until it takes one; no row is quarantined for it") {
  Bench bench{Bench::daemon()};
  bench.run_for(1s);
  for (const auto* id : {"1", "2", "3"}) bench.insert(id);
  bench.store.refuses_claims = [](const std::string&) { return "54000"; };
  bench.run_for(3s);
  CHECK(bench.observer.seen == std::vector{Health::working, Health::writes_refused});
  CHECK(bench.observer.reasons.back() == "claiming: 54000");
  bench.run_for(1min);
  CHECK(bench.observer.seen.size() == 2);
  CHECK(bench.observer.refused.empty());
  CHECK(bench.store.claims < 200);
  bench.store.refuses_claims = nullptr;
  bench.run_for(1s);
  for (const auto* id : {"1", "2", "3"}) CHECK(bench.row(id).published);
  CHECK(bench.observer.seen.back() == Health::working);
  bench.end();
}

TEST_CASE("thousands of refused rows at the head keep none behind them from being published") {
  Bench bench{Bench::daemon()};
  for (int i = 0; i < 3'100; ++i) bench.insert(std::to_string(10'000 + i));
  bench.store.refuses_claims = [](const std::string& id) { return id < "13000" ? "P0001" : ""; };
  bench.run_for(1min);
  CHECK(bench.publisher.published.size() == 100);
  CHECK(bench.observer.seen.back() == Health::working);
  bench.insert("20000");
  bench.run_for(2s);
  CHECK(bench.row("20000").published);
  bench.end();
}

TEST_CASE("more refused rows than quarantine holds are reported, and claims don't spin") {
  auto options = Bench::daemon();
  options.batch_rows = 1'000;
  Bench bench{options};
  // Claims grow with the number of published rows.
  for (int i = 0; i < 1'100; ++i) bench.insert(std::to_string(10'000 + i));
  bench.run_for(1s);
  const auto most = static_cast<int>(Quarantine::kMost);
  // Two different causes are no outage.
  for (int i = 0; i < most + 100; ++i) bench.insert(std::to_string(20'000 + i));
  bench.store.refuses_claims = [](const std::string& id) { return id.back() == '7' ? "P0001" : "54000"; };
  bench.run_for(900ms);
  CHECK(bench.store.claims < 100);
  bench.run_for(1500ms);
  CHECK(bench.observer.seen.back() == Health::writes_refused);
  bench.end();
}

TEST_CASE("rows quarantined before an outage don't end it by being refused again") {
  Bench bench{Bench::daemon()};
  bench.run_for(1s);
  for (int i = 0; i < 10; ++i) bench.insert(std::to_string(1000 + i));
  bench.store.refuses_claims = [](const std::string& id) { return id < "1009" ? "54000" : ""; };
  bench.run_for(1s);
  REQUIRE(bench.row("1009").published);
  bench.insert("2000");
  bench.store.refuses_claims = [](const std::string&) { return "54000"; };
  bench.run_for(5min);
  CHECK(bench.observer.seen == std::vector{Health::working, Health::writes_refused});
  bench.end();
}

TEST_CASE("the number of held-up rows is reported when it changes, until it is zero") {
  Bench bench{Bench::daemon()};
  bench.run_for(1s);
  for (const auto* id : {"1", "2", "3"}) bench.insert(id);
  bench.store.refuses_claims = [](const std::string& id) { return id == "2" ? "" : "P0001"; };
  bench.run_for(5s);
  REQUIRE(bench.row("2").published);
  CHECK(bench.observer.held_up_seen == std::vector<std::size_t>{2});
  bench.store.refuses_claims = nullptr;
  bench.run_for(1min);
  CHECK(bench.row("1").published);
  CHECK(bench.observer.held_up_seen.back() == 0);
  // No outcome can be written either.
  bench.store.locked = {"4"};
  bench.insert("4");
  bench.insert("5");
  bench.run_for(1s);
  CHECK(bench.observer.held_up_seen.back() == 1);
  bench.store.locked = {};
  bench.run_for(10s);
  CHECK(bench.observer.held_up_seen.back() == 0);
  bench.end();
}

TEST_CASE("a row that can't be read is reported and counted, although all its neighbours are refused") {
  Bench bench{Bench::daemon()};
  bench.run_for(1s);
  bench.insert("1");
  bench.store.refuses_claims = [](const std::string&) { return "54000"; };
  bench.store.refused_at_claim = {{"dead", "can't be read", true}};
  bench.run_for(5s);
  CHECK(bench.observer.refused == std::vector<std::string>{"dead"});
  CHECK(bench.dispatcher.tally().dead == 1);
  bench.end();
  check_adds_up(bench.dispatcher.tally());
}

TEST_CASE("refused rows at the head of a batch, and behind it, hold up no other row and are found at fault") {
  Bench bench{Bench::daemon()};
  bench.run_for(1s);
  for (int i = 0; i < 140; ++i) bench.insert(std::to_string(1000 + i));
  bench.store.refuses_claims = [](const std::string& id) { return id < "1040" ? "P0001" : ""; };
  bench.run_for(500ms);
  CHECK(bench.publisher.published.size() == 100);
  CHECK(bench.observer.refused.size() >= 40);
  CHECK(bench.observer.seen == std::vector{Health::working});
  bench.run_for(5min);
  CHECK(bench.observer.seen == std::vector{Health::working});
  bench.store.refuses_claims = nullptr;
  bench.run_for(1min);
  CHECK(bench.publisher.published.size() == 140);
  bench.end();
  check_adds_up(bench.dispatcher.tally());
}

TEST_CASE("once: rows that are refused at the head keep none behind them from their turn, however many they are") {
  for (const int refused : {8, 40, 500}) {
    CAPTURE(refused);
    Bench bench{Bench::once()};
    for (int i = 0; i < refused + 20; ++i) bench.insert(std::to_string(1000 + i));
    const auto first_good = std::to_string(1000 + refused);
    bench.store.refuses_claims = [&](const std::string& id) { return id < first_good ? "unwritten" : ""; };
    bench.run_for(1min);
    CHECK(bench.ended);
    CHECK(bench.publisher.published.size() == 20);
    CHECK(bench.dispatcher.abort_reason() == "");
    check_adds_up(bench.dispatcher.tally());
  }
  Bench outage{Bench::once()};
  for (int i = 0; i < 40; ++i) outage.insert(std::to_string(1000 + i));
  outage.store.refuses_claims = [](const std::string&) { return "54000"; };
  outage.run_for(1min);
  CHECK(outage.ended);
  CHECK(outage.dispatcher.abort_reason() == "claiming: 54000");
}

TEST_CASE("a row refused alone counts as the table's fault only until another row is written") {
  Bench bench{Bench::daemon()};
  bench.run_for(1s);
  bench.insert("1");
  bench.store.refuses_claims = [](const std::string& id) { return id == "1" ? "40001" : ""; };
  bench.run_for(5s);
  CHECK(bench.observer.seen.back() == Health::writes_refused);
  bench.insert("2");
  bench.run_for(2s);
  CHECK(bench.row("2").published);
  CHECK(bench.observer.seen.back() == Health::working);
  CHECK(bench.observer.refused.front() == "1");
  bench.run_for(10min);
  CHECK(bench.observer.seen.back() == Health::working);
  bench.end();
}

TEST_CASE("outcomes that are all refused are an outage as well, and few rows are claimed meanwhile") {
  Bench bench{Bench::daemon()};
  bench.run_for(1s);
  for (int i = 0; i < 5; ++i) bench.insert(std::to_string(i));
  bench.store.refuses_settlements = "54000";
  bench.run_for(3s);
  CHECK(bench.observer.seen.back() == Health::writes_refused);
  CHECK(bench.observer.refused.empty());
  bench.store.refuses_settlements.clear();
  bench.run_for(10s);
  CHECK(bench.observer.seen.back() == Health::working);
  for (int i = 0; i < 5; ++i) CHECK(bench.row(std::to_string(i)).published);
  CHECK(bench.publisher.published.size() == 5);
  bench.end();
}

TEST_CASE("a row whose settlement is undone is not sent again, and is reported") {
  Bench bench{Bench::daemon()};
  bench.run_for(1s);
  for (int i = 0; i < 100; ++i) bench.insert(std::to_string(1000 + i));
  SUBCASE("at once") {
    bench.store.undoes = [](const std::string& id) { return id < "1050"; };
  }
  SUBCASE("behind its back") {
    bench.store.undoes_later = [](const std::string& id) { return id < "1050"; };
  }
  bench.run_for(50s);
  CHECK(bench.publisher.published.size() == 100);
  CHECK(bench.observer.refused.size() >= 50);
  CHECK_FALSE(bench.row("1000").published);
  bench.store.undoes = bench.store.undoes_later = nullptr;
  bench.run_for(10min);
  CHECK(bench.row("1000").published);
  CHECK(bench.publisher.published.size() <= 150);
  bench.end();
  check_adds_up(bench.dispatcher.tally());
}

TEST_CASE("rows whose mark is undone count as held up, however often they are tried, until it stands") {
  Bench bench{Bench::daemon()};
  bench.run_for(1s);
  for (int i = 0; i < 10; ++i) bench.insert(std::to_string(i));
  const auto is_one = [](const std::string& id) { return id < "3"; };
  SUBCASE("at once") {
    bench.store.undoes = is_one;
  }
  SUBCASE("behind its back") {
    bench.store.undoes_later = is_one;
  }
  bench.run_for(2min);
  auto& told = bench.observer.held_up_seen;
  REQUIRE_FALSE(told.empty());
  CHECK(told.back() == 3);
  CHECK(std::ranges::find(told, 0) == told.end());
  bench.store.undoes = bench.store.undoes_later = nullptr;
  bench.run_for(1h);
  CHECK(bench.row("0").published);
  CHECK(told.back() == 0);
  bench.end();
}

TEST_CASE("a published row that an operator requeues is published again at once") {
  Bench bench{Bench::daemon()};
  bench.insert("1");
  bench.run_for(1s);
  REQUIRE(bench.row("1").published);
  bench.store.requeue("1");
  bench.run_for(1s);
  CHECK(bench.publisher.published == std::vector<std::string>{"1", "1"});
  bench.end();
}

TEST_CASE("a failed sample is reported with its reason each time, and stops no other work") {
  Bench bench{Bench::daemon()};
  bench.store.sample_failure = "too many clients";
  bench.insert("1");
  bench.run_for(22s);
  CHECK(bench.row("1").published);
  CHECK(bench.observer.seen == std::vector{Health::working});
  CHECK(bench.observer.sample_failures == std::vector<std::string>(5, "too many clients"));
  bench.store.sample_failure.clear();
  bench.run_for(1min);
  CHECK(bench.observer.sample_failures.size() == 5);
  bench.end();
}

TEST_CASE("after a server has hung, the backlog is counted again at once") {
  Bench bench{Bench::daemon()};
  bench.run_for(1s);
  bench.store.sample_failure = "timeout expired";
  bench.store.sample_takes = 37s;
  bench.run_for(42s);
  REQUIRE(bench.observer.sample_failures.size() == 1);
  bench.store.sample_takes = 0ms;
  bench.run_for(10s);
  CHECK(bench.observer.sample_failures.size() > 1);
  bench.end();
}

TEST_CASE("due rows that no claim returns are reported") {
  Bench bench{Bench::daemon()};
  bench.run_for(1s);
  bench.store.sampled.due = 7;
  bench.run_for(30s);
  CHECK(bench.observer.seen == std::vector{Health::working, Health::writes_refused});
  bench.store.sampled.due = 0;
  bench.run_for(10s);
  CHECK(bench.observer.seen.back() == Health::working);
  bench.end();
}

TEST_CASE("due rows that others keep locked are no trouble of the store's, though not all of them are counted") {
  for (const std::size_t locked : {100, 30}) {
    CAPTURE(locked);
    Bench bench{Bench::daemon()};
    bench.store.sampled.due = 5'000;
    bench.store.sampled.locked.rows = locked;
    bench.run_for(5min);
    CHECK((bench.observer.seen.back() == Health::working) == (locked == 100));
    bench.end();
  }
}

TEST_CASE("rows of a blocked stream are due, and that no claim gets them is no trouble of the store's") {
  Bench bench{Bench::daemon()};
  bench.run_for(1s);
  bench.insert_into("refused", "1");
  bench.insert_into("good", "2");
  const auto judge = [](const std::string& stream) {
    return stream == "refused" ? Reply{Fault::stream_refused, "NOPERM"} : Reply{Fault::none, "1-1"};
  };
  bench.publisher.answer_row = [&](const Row& row) { return judge(row.stream); };
  bench.publisher.answer_probe = judge;
  bench.run_for(5s);
  REQUIRE(bench.observer.blocked == std::vector<std::string>{"refused"});
  bench.store.sampled.due = 1;
  bench.run_for(5min);
  CHECK(bench.observer.seen == std::vector{Health::working});
  bench.end();
}

TEST_CASE("a row that the store can't hand out is reported, and a dead one counted") {
  Bench bench{Bench::once()};
  bench.insert("1");
  bench.store.refused_at_claim = {{"a", "a trigger objects", false}, {"b", "can't be read", true}};
  bench.run_for(1min);
  CHECK(bench.observer.refused == std::vector<std::string>{"a", "b"});
  CHECK(bench.dispatcher.tally().published == 1);
  CHECK(bench.dispatcher.tally().dead == 1);
  check_adds_up(bench.dispatcher.tally());
}

TEST_CASE("a lease that another worker has taken is counted, and that worker's outcome stays") {
  Bench bench{Bench::daemon()};
  bench.insert("1");
  bench.publisher.on_publish = [&] { bench.store.table.claim("other", 1, bench.clock.now() + 1h, 30s); };
  bench.run_for(100ms);
  CHECK(bench.dispatcher.tally().leases_lost == 1);
  CHECK(bench.row("1").locked_by == "other");
  CHECK_FALSE(bench.row("1").published);
  bench.publisher.on_publish = nullptr;
  bench.end();
}

TEST_CASE("a row that takes the connection down ends dead, and costs its neighbours one attempt at most") {
  Bench bench{Bench::daemon()};
  for (const auto* id : {"1", "2", "3", "4"}) bench.insert(id);
  bool down = false;
  bench.publisher.answer = [&down](const std::string& id) {
    down = down || id == "2";
    return down ? Reply{Fault::unanswered, "connection lost"} : Reply{Fault::none, "1-1"};
  };
  bench.publisher.on_publish = [&down] { down = false; };
  bench.run_for(10min);
  CHECK(bench.row("2").dead);
  CHECK(bench.row("2").last_error == "gave up after 3 attempts: connection lost");
  for (const auto* id : {"1", "3", "4"}) {
    CHECK(bench.row(id).published);
    CHECK(bench.row(id).attempts <= 2);
  }
  bench.end();
  check_adds_up(bench.dispatcher.tally());
}

TEST_CASE(
    "rows whose claims had no outcome twice are sent one by one, with no other row in flight, the least tried "
    "first") {
  auto options = Bench::daemon();
  options.retry.max_attempts = 5;
  Bench bench{options};
  bench.insert("1", "{}", 4);
  bench.insert("2", "{}", 2);
  bench.insert("3", "{}", 3);
  bench.insert("4", "{}", 1);
  bench.insert("5");
  std::vector<std::string> in_flight_sample;
  bench.publisher.on_publish = [&] {
    std::string ids;
    for (const auto& [id, row] : bench.store.table.rows()) {
      if (!row.lease.empty() && row.locked_until > bench.clock.now()) ids += id;
    }
    in_flight_sample.push_back(ids);
  };
  bench.run_for(10s);
  CHECK(bench.publisher.published == std::vector<std::string>{"4", "5", "2", "3", "1"});
  CHECK(in_flight_sample == std::vector<std::string>{"45", "2", "3", "1"});
  for (const auto& [id, attempts] :
       std::map<std::string, std::uint32_t>{{"1", 5}, {"2", 3}, {"3", 4}, {"4", 2}, {"5", 1}}) {
    CAPTURE(id);
    CHECK(bench.row(id).attempts == attempts);
  }
  bench.end();
  check_adds_up(bench.dispatcher.tally());
}

TEST_CASE("once: poison candidates have their turn as well") {
  auto options = Bench::once();
  options.retry.max_attempts = 5;
  Bench bench{options};
  bench.insert("1", "{}", 2);
  bench.insert("2", "{}", 3);
  bench.insert("3");
  bench.run_for(1min);
  CHECK(bench.ended);
  CHECK(bench.dispatcher.tally().published == 3);
}

TEST_CASE("stop: rows in flight go out, no more are claimed") {
  Bench bench{Bench::daemon()};
  for (int i = 0; i < 100; ++i) bench.insert(std::to_string(100 + i));
  bench.publisher.on_publish = [&] { bench.dispatcher.stop(); };
  bench.run_for(1min);
  CHECK(bench.ended);
  const auto& tally = bench.dispatcher.tally();
  CHECK(tally.published == tally.claimed);
  CHECK(tally.published < 100);
  CHECK(bench.observer.seen.back() == Health::stopping);
  for (const auto& [id, row] : bench.store.table.rows()) CHECK(row.lease == "");
}

TEST_CASE("stop: rows that can't go out before the deadline are given back with their attempt") {
  auto options = Bench::daemon();
  options.shutdown_timeout = 0s;
  Bench bench{options};
  for (int i = 0; i < 100; ++i) bench.insert(std::to_string(100 + i));
  bench.publisher.on_publish = [&] { bench.dispatcher.stop(); };
  bench.run_for(1min);
  CHECK(bench.ended);
  check_adds_up(bench.dispatcher.tally());
  CHECK(bench.dispatcher.tally().released > 0);
  for (const auto& [id, row] : bench.store.table.rows()) {
    CHECK(row.lease == "");
    CHECK(row.attempts == (row.published ? 1 : 0));
  }
}

}  // namespace outboxd::dispatch
