// SPDX-License-Identifier: Apache-2.0
// The log and /readyz over time.
#include "support/captured_log.hpp"
#include "telemetry/dispatcher_telemetry.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <string>

using namespace std::chrono_literals;
using outboxd::Fault;
using outboxd::dispatch::Health;
using outboxd::dispatch::RefusedRow;
using outboxd::telemetry::DispatcherTelemetry;
using outboxd::telemetry::Metrics;
using outboxd::telemetry::Readiness;
using outboxd::test::CapturedLog;
using outboxd::test::undated;

namespace {

std::size_t lines_in(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

/// A dispatcher's telemetry whose time is the test's.
struct Watched {
  explicit Watched(spdlog::level::level_enum level = spdlog::level::info) : log{level} { telemetry.beat(); }

  void pass(std::chrono::seconds time) {
    for (auto second = 0s; second < time; ++second) {
      now += 1s;
      telemetry.beat();
    }
  }

  CapturedLog log;
  Metrics metrics;
  Readiness readiness;
  DispatcherTelemetry::TimePoint now{1000h};
  DispatcherTelemetry telemetry{metrics, readiness, "outbox", {}, [this] { return now; }};
  outboxd::dispatch::Observer& observer = telemetry.observer();
};

}  // namespace

TEST_CASE("log over time: an outage has a reminder each minute with its duration, and its end") {
  Watched watched;
  watched.observer.health(Health::working, "");
  watched.observer.health(Health::redis_unavailable, "connection refused");
  watched.log.taken();
  watched.pass(59s);
  CHECK(watched.log.taken().empty());
  watched.pass(1s);
  CHECK(watched.log.taken() ==
        "warning outbox: Redis is unavailable (connection refused); nothing is claimed until it answers; so it has "
        "been for 60.0 s\n");
  watched.pass(3h);
  const auto text = watched.log.taken();
  CHECK(lines_in(text) == 180);
  CHECK(text.ends_with("; so it has been for 3 h 1 min\n"));
  watched.observer.health(Health::working, "");
  CHECK(watched.log.taken() == "info outbox: working again, after 3 h 1 min\n");
  watched.pass(1h);
  CHECK(watched.log.taken().empty());
}

TEST_CASE("log over time: a reason that changes has a line; one that differs in numbers, or takes turns, has not") {
  Watched watched;
  watched.observer.health(Health::postgres_unavailable, "connection refused");
  watched.log.taken();
  watched.observer.health(Health::postgres_unavailable, "wrong password");
  CHECK(watched.log.taken() ==
        "warning outbox: Postgres is unavailable (wrong password); nothing is claimed until it answers\n");
  for (int i = 0; i < 20; ++i) {
    watched.observer.health(Health::postgres_unavailable, "no answer within " + std::to_string(5'000 + i) + " ms");
  }
  CHECK(lines_in(watched.log.taken()) == 1);
  for (int i = 0; i < 25; ++i) {
    watched.observer.health(Health::postgres_unavailable, "connection refused");
    watched.observer.health(Health::postgres_unavailable, "wrong password");
    watched.pass(1s);
  }
  CHECK(watched.log.taken().empty());
  watched.pass(40s);
  // What it is now.
  CHECK(watched.log.taken().find("Postgres is unavailable (wrong password)") != std::string::npos);
}

TEST_CASE("log over time: after a pause of the process no server is blamed for what timed out meanwhile") {
  Watched watched;
  watched.observer.health(Health::working, "");
  watched.pass(10s);
  watched.log.taken();
  watched.now += 56s;
  watched.observer.health(Health::redis_unavailable, "no answer within 5 s");
  watched.observer.sample_failed("no answer");
  CHECK_FALSE(watched.readiness.all_ready());
  watched.pass(1s);
  watched.observer.health(Health::working, "");
  watched.observer.sampled({});
  watched.pass(1min);
  CHECK(watched.log.taken() ==
        "warning outbox: the process was not running for 56.0 s (stopped, suspended with its machine, or without "
        "CPU): requests that timed out meanwhile are tried again\n");
  // A server that is unreachable after all is reported a moment later.
  watched.now += 20s;
  watched.observer.health(Health::redis_unavailable, "connection refused");
  watched.pass(2s);
  CHECK(watched.log.taken().find("unavailable") == std::string::npos);
  watched.pass(2s);
  CHECK(watched.log.taken() ==
        "warning outbox: Redis is unavailable (connection refused); nothing is claimed until it answers\n");
}

TEST_CASE("log over time: deaths are summed up at the minute's end, though no other row dies") {
  Watched watched{spdlog::level::debug};
  for (int i = 0; i < 150; ++i) {
    const auto id = std::to_string(i);
    watched.observer.died("a" + id, "s.a", Fault::bad_row, "payload is an array");
    watched.observer.died("n" + id, "s.a", Fault::bad_row, "payload is a number");
    watched.observer.died("l" + id, "s.b", Fault::bad_row, "payload is " + std::to_string(20'000'000 + i) + " bytes");
  }
  const auto at_once = watched.log.taken();
  CHECK(lines_in(at_once) == 450);
  CHECK(at_once.find("error outbox: row a0 of stream s.a is dead (payload is an array)\n") != std::string::npos);
  CHECK(at_once.find("error outbox: row n0 of stream s.a is dead (payload is a number)\n") != std::string::npos);
  CHECK(at_once.find("debug outbox: row n149 of stream s.a is dead (payload is a number)\n") != std::string::npos);
  watched.pass(59s);
  CHECK(watched.log.taken().empty());
  watched.pass(1s);
  CHECK(watched.log.taken() ==
        "error outbox: 149 more row(s) of stream s.a died within the minute (payload is a number): n1, n2, n3, n4, "
        "n5, ...; at log.level debug each has a line\n"
        "error outbox: 149 more row(s) of stream s.a died within the minute (payload is an array): a1, a2, a3, a4, "
        "a5, ...; at log.level debug each has a line\n"
        "error outbox: 149 more row(s) of stream s.b died within the minute (payload is 20000000 bytes): l1, l2, l3, "
        "l4, l5, ...; at log.level debug each has a line\n");
  watched.pass(1h);
  CHECK(watched.log.taken().empty());
}

TEST_CASE("log over time: at the end of the dispatcher all summaries are written") {
  Watched watched;
  for (const auto* id : {"1", "2"}) watched.observer.died(id, "s.a", Fault::bad_row, "why");
  watched.telemetry.write_summaries();
  CHECK(watched.log.text() ==
        "error outbox: row 1 of stream s.a is dead (why)\n"
        "error outbox: 1 more row(s) of stream s.a died within the minute (why): 2\n");
}

TEST_CASE("log over time: however many streams rows die in, there are few lines") {
  Watched watched;
  for (int i = 0; i < 100'000; ++i)
    watched.observer.died(std::to_string(i), "s" + std::to_string(i), Fault::bad_row, "why");
  CHECK(lines_in(watched.log.taken()) == 201);
  watched.pass(60s);
  CHECK(watched.log.taken().find("99799 more row(s) of further streams") != std::string::npos);
}

TEST_CASE("log over time: refused rows of a stream are summed up, and their end is reported") {
  Watched watched;
  for (int i = 0; i < 10; ++i) watched.observer.failed("s.a", Fault::entry_refused, "OOM");
  CHECK(lines_in(watched.log.taken()) == 1);
  watched.pass(60s);
  CHECK(watched.log.taken() ==
        "warning outbox: 9 more times a row of stream s.a was not published within the minute (OOM)\n"
        "info outbox: no row of stream s.a was refused for a minute; 10 time(s) one was, within 0.0 s\n");
}

TEST_CASE("log over time: blocked streams are reported each minute, and each reported one at its end") {
  Watched watched;
  watched.observer.stream_blocked("s.a", "WRONGTYPE", 1);
  watched.pass(30s);
  watched.observer.stream_freed("s.a", 30s, 0);
  // Its line is withheld, as there was one half a minute ago.
  watched.observer.stream_blocked("s.a", "WRONGTYPE", 1);
  watched.observer.stream_freed("s.a", 1s, 0);
  watched.observer.stream_blocked("s.a", "WRONGTYPE", 1);
  watched.observer.stream_blocked("s.b", "NOPERM", 2);
  CHECK(lines_in(watched.log.taken()) == 3);
  watched.pass(60s);
  CHECK(watched.log.taken().find("warning outbox: 2 stream(s) are blocked: s.a for ") != std::string::npos);
  watched.observer.stream_freed("s.a", 60s, 1);
  CHECK(watched.log.taken() == "info outbox: stream s.a is no longer blocked, after 60.0 s\n");
}

TEST_CASE("log over time: a blocked stream has a line when it is refused for another reason") {
  Watched watched;
  watched.observer.stream_blocked("s.a", "no answer within 5001 ms", 1);
  watched.log.taken();
  watched.observer.stream_blocked("s.a", "no answer within 5002 ms", 1);
  CHECK(watched.log.taken().empty());
  watched.observer.stream_blocked("s.a", "NOPERM", 1);
  CHECK(watched.log.taken().starts_with("warning outbox: stream s.a is blocked (NOPERM)"));
  CHECK(undated(watched.readiness.report()).find("stream s.a is blocked since T (NOPERM)") != std::string::npos);
  watched.pass(60s);
  CHECK(watched.log.taken().find("s.a for 60.0 s (NOPERM)") != std::string::npos);
}

TEST_CASE("log over time: rows that Postgres holds up have a note, a reminder, and a line when they are free") {
  Watched watched;
  watched.observer.health(Health::working, "");
  watched.observer.held_up(1);
  watched.observer.refused_by_store(std::array{RefusedRow{"1", "a trigger refuses it"}});
  CHECK(
      undated(watched.readiness.report()) ==
      "ready\noutbox: 1 row(s) are held up by Postgres while others go on (outboxd_held_up_rows), the first since T; "
      "the last one: a trigger refuses it\n");
  watched.log.taken();
  watched.pass(60s);
  CHECK(
      watched.log.taken() ==
      "warning outbox: 1 row(s) are held up by Postgres while others go on, the first since 60.0 s; the last one: a "
      "trigger refuses it\n");
  watched.observer.held_up(0);
  CHECK(watched.log.taken() == "info outbox: no row is held up by Postgres any more, after 60.0 s\n");
  CHECK(watched.readiness.report() == "ready\n");
  // Locked for a moment, and without a line: no end has to be reported.
  watched.pass(60s);
  watched.observer.held_up(1);
  watched.observer.held_up(0);
  CHECK(watched.log.taken().empty());
}

TEST_CASE("log over time: samples that fail while the dispatcher works have a line each minute, a note, and an end") {
  Watched watched;
  watched.observer.health(Health::working, "");
  watched.log.taken();
  watched.observer.sample_failed("too many clients");
  CHECK(watched.readiness.all_ready());
  CHECK(watched.readiness.report().find("outbox: the table can't be sampled (too many clients)") !=
        std::string::npos);
  watched.pass(10s);
  CHECK(watched.log.taken().find("warning outbox: the table can't be sampled for 10.0 s (too many clients)") == 0);
  watched.pass(60s);
  CHECK(lines_in(watched.log.taken()) == 1);
  watched.observer.sampled({});
  CHECK(watched.log.taken() == "info outbox: the table is sampled again, after 70.0 s\n");
  CHECK(watched.readiness.report() == "ready\n");
}

TEST_CASE("log over time: in an outage of Postgres its own line is enough") {
  Watched watched;
  watched.observer.health(Health::postgres_unavailable, "connection refused");
  watched.observer.sample_failed("connection refused");
  watched.log.taken();
  watched.pass(59s);
  watched.observer.health(Health::working, "");
  watched.observer.sampled({});
  CHECK(watched.log.taken() == "info outbox: working again, after 59.0 s\n");
}

TEST_CASE("log over time: a Postgres that refuses every row is not called unavailable") {
  Watched watched;
  watched.observer.health(Health::writes_refused, "a trigger says no");
  CHECK(watched.log.text() ==
        "warning outbox: Postgres answers, but lets no row be claimed or settled (a trigger says no); it is asked "
        "again until it does\n");
  CHECK_FALSE(watched.readiness.all_ready());
}

TEST_CASE(
    "log over time: rows that another transaction keeps locked have a line, a reminder each minute and an end") {
  Watched watched;
  watched.observer.health(Health::working, "");
  watched.log.taken();
  outboxd::dispatch::BacklogSample sample;
  sample.locked = {3, "a1", "pid 7 of role bob (psql), idle in transaction"};
  watched.observer.sampled(sample);
  const std::string text =
      "warning outbox: 3 row(s) are due for more than 10 s, and claims pass over them, as other transactions keep "
      "them "
      "locked (one is row a1): pid 7 of role bob (psql), idle in transaction; end that transaction";
  CHECK(watched.log.taken() == text + "\n");
  CHECK(watched.readiness.all_ready());
  CHECK(watched.readiness.report().find("idle in transaction; end that transaction, so since 20") !=
        std::string::npos);
  watched.observer.sampled(sample);
  watched.pass(59s);
  CHECK(watched.log.taken().empty());
  watched.pass(1s);
  CHECK(watched.log.taken() == text + "; so it has been for 60.0 s\n");
  watched.observer.sampled({});
  CHECK(watched.log.taken() == "info outbox: no due row is locked by another transaction any more, after 60.0 s\n");
  CHECK(watched.readiness.report() == "ready\n");
}

TEST_CASE("log over time: the summary of rows that are held up has each id once, with how often") {
  Watched watched;
  for (const auto* id : {"1", "2", "2", "3", "2"}) {
    watched.observer.refused_by_store(std::array{RefusedRow{id, "a trigger refuses it"}});
  }
  watched.log.taken();
  watched.pass(60s);
  CHECK(watched.log.taken() ==
        "warning outbox: 4 more times rows were held up by Postgres within the minute (a trigger refuses it): 2 (3 "
        "times), 3\n");
}

TEST_CASE(
    "log over time: leases lost in an outage of Postgres are not blamed on a worker, and its samples have no line") {
  Watched watched;
  watched.observer.health(Health::working, "");
  watched.observer.settled(0, 1, 1ms);
  CHECK(watched.log.taken().find("1 row(s) was not written: another worker had taken them over by then\n") !=
        std::string::npos);
  watched.observer.health(Health::postgres_unavailable, "connection refused");
  watched.observer.sample_failed("connection refused");
  watched.pass(40s);
  watched.observer.health(Health::working, "");
  watched.log.taken();
  watched.observer.settled(0, 2, 1ms);
  CHECK(watched.log.taken().find("2 row(s) was not written: their leases ended, or were lost, while Postgres was "
                                 "unreachable;") != std::string::npos);
  watched.pass(15s);
  CHECK(watched.log.taken().empty());
  CHECK(watched.readiness.report() == "ready\n");
  watched.observer.settled(0, 1, 1ms);
  watched.observer.sample_failed("too many clients");
  watched.pass(10s);
  CHECK(watched.log.taken().find("the table can't be sampled for 10.0 s") != std::string::npos);
}

TEST_CASE("log over time: reasons that change take no outage's line") {
  Watched watched;
  for (int i = 0; i < 30; ++i) {
    watched.observer.health(Health::redis_unavailable, "reason " + std::string(static_cast<std::size_t>(i), 'x'));
  }
  watched.observer.health(Health::working, "");
  watched.log.taken();
  watched.observer.health(Health::redis_unavailable, "connection refused");
  CHECK(watched.log.taken() ==
        "warning outbox: Redis is unavailable (connection refused); nothing is claimed until it answers\n");
}
