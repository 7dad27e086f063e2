// SPDX-License-Identifier: Apache-2.0
#include "support/captured_log.hpp"
#include "telemetry/dispatcher_telemetry.hpp"
#include "telemetry/metrics.hpp"
#include "telemetry/readiness.hpp"
#include "telemetry/redaction.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <regex>
#include <string>

using outboxd::dispatch::Health;
using outboxd::telemetry::DispatcherTelemetry;
using outboxd::telemetry::Metrics;
using outboxd::telemetry::Readiness;

using outboxd::Fault;
using outboxd::test::CapturedLog;
using outboxd::test::undated;

TEST_CASE("readiness: a blocked stream is named, and turns nothing") {
  const CapturedLog log;
  Metrics metrics;
  Readiness readiness;
  DispatcherTelemetry of_observer(metrics, readiness, "outbox", {});
  auto& observer = of_observer.observer();
  observer.health(Health::working, "");
  observer.stream_blocked("s.a", "Redis refuses: WRONGTYPE\n", 1);
  CHECK(readiness.all_ready());
  CHECK(undated(readiness.report()) ==
        "ready\noutbox: stream s.a is blocked since T (Redis refuses: WRONGTYPE\\n)\n");
  CHECK(log.text().find("outbox: stream s.a is blocked (Redis refuses: WRONGTYPE") != std::string::npos);
  for (int i = 2; i <= 100; ++i) observer.stream_blocked(std::string(1'000, 'x') + std::to_string(i), "no", 100);
  CHECK(readiness.report().size() < 4'000);
  CHECK(readiness.report().find("100 streams are blocked, among them: ") != std::string::npos);
  observer.stream_freed("s.a", std::chrono::seconds{65}, 0);
  CHECK(log.text().find("outbox: stream s.a is no longer blocked, after 65.0 s") != std::string::npos);
  observer.health(Health::redis_unavailable, "OOM");
  CHECK(readiness.report().find("outbox: Redis is unavailable (OOM)") == 0);
}

TEST_CASE("readiness: ten of many blocked streams are named, and others when these are freed") {
  const CapturedLog log;
  Metrics metrics;
  Readiness readiness;
  DispatcherTelemetry of_observer(metrics, readiness, "outbox", {});
  auto& observer = of_observer.observer();
  observer.health(Health::working, "");
  const auto named = [&] {
    const auto report = readiness.report();
    std::size_t count = 0;
    for (auto at = report.find("stream s"); at != std::string::npos; at = report.find("stream s", at + 1)) ++count;
    return count;
  };
  const auto stream = [](std::size_t i) { return "s" + std::to_string(i); };
  for (std::size_t i = 1; i <= 12; ++i) observer.stream_blocked(stream(i), "no", i);
  CHECK(readiness.report().find("12 streams are blocked, among them: ") != std::string::npos);
  CHECK(named() == 10);
  for (std::size_t i = 1; i <= 12; ++i) {
    observer.stream_freed(stream(i), std::chrono::seconds{1}, 12 - i);
    CHECK(named() == std::min<std::size_t>(10, 12 - i));
  }
  CHECK(readiness.report() == "ready\n");
}

TEST_CASE(
    "readiness: blocked streams whose names differ only at their end are distinguished, and cut between characters") {
  const CapturedLog log;
  Metrics metrics;
  Readiness readiness;
  DispatcherTelemetry of_observer(metrics, readiness, "outbox", {});
  auto& observer = of_observer.observer();
  observer.health(Health::working, "");
  const auto shown = std::string(199, 'x');
  observer.stream_blocked(shown + "ä1", "no", 1);
  observer.stream_blocked(shown + "ä2", "never", 2);
  observer.stream_freed(shown + "ä1", std::chrono::seconds{1}, 1);
  CHECK(undated(readiness.report()) == "ready\noutbox: stream " + shown + "... is blocked since T (never)\n");
}

TEST_CASE("readiness: all parts, or the reasons of parts that aren't ready") {
  Readiness readiness;
  CHECK_FALSE(readiness.all_ready());
  CHECK(readiness.report() == "starting\n");
  readiness.not_ready("b", "no route\nto host");
  readiness.not_ready("a", "");
  readiness.ready("c");
  CHECK_FALSE(readiness.all_ready());
  CHECK(readiness.report() == "a: not ready\nb: no route\\nto host\n");
  readiness.ready("a");
  readiness.ready("b");
  CHECK(readiness.all_ready());
  CHECK(readiness.report() == "ready\n");
  readiness.not_ready("c", "gone");
  CHECK(readiness.report() == "c: gone\n");
}

TEST_CASE("readiness: the dated report says since when each part is ready, or isn't") {
  auto now = std::chrono::system_clock::from_time_t(1'769'860'800);
  Readiness readiness{[&now] { return now; }};
  CHECK(readiness.dated_report() == "starting\n");
  readiness.ready("a");
  readiness.note("a", "stream s is blocked");
  CHECK(readiness.dated_report() == "ready\na: ready since 2026-01-31T12:00:00Z\na: stream s is blocked\n");
  now += std::chrono::seconds{61};
  readiness.ready("a");
  readiness.not_ready("b", "refused");
  now += std::chrono::hours{12};
  readiness.not_ready("b", "timed out");
  readiness.note("a", "");
  CHECK(readiness.dated_report() ==
        "a: ready since 2026-01-31T12:00:00Z\nb: timed out (not ready since 2026-01-31T12:01:01Z)\n");
  readiness.ready("b");
  CHECK(readiness.dated_report() ==
        "ready\na: ready since 2026-01-31T12:00:00Z\nb: ready since 2026-02-01T00:01:01Z\n");
}

TEST_CASE("readiness: secrets in a reason are masked") {
  outboxd::telemetry::log::redact("s3cret-in-reason");
  Readiness readiness;
  readiness.not_ready("outbox", "redis://u:s3cret-in-reason@host refused");
  CHECK(readiness.report() == "outbox: redis://u:***@host refused\n");
}

TEST_CASE(
    "dispatcher telemetry: each change of state or of its reason is one line of the log, and readiness follows") {
  Metrics metrics;
  Readiness readiness;
  const CapturedLog log;
  DispatcherTelemetry of_observer(metrics, readiness, "outbox", {});
  auto& observer = of_observer.observer();
  CHECK(readiness.report() == "outbox: starting\n");
  observer.health(Health::working, "");
  CHECK(readiness.all_ready());
  observer.health(Health::redis_unavailable, "connection refused");
  CHECK(readiness.report() ==
        "outbox: Redis is unavailable (connection refused); nothing is claimed until it answers\n");
  observer.health(Health::redis_unavailable, "timed out");
  CHECK(readiness.report() == "outbox: Redis is unavailable (timed out); nothing is claimed until it answers\n");
  observer.health(Health::postgres_unavailable, "no such host");
  observer.health(Health::working, "");
  observer.health(Health::stopping, "");
  CHECK(readiness.report() == "outbox: stopping\n");
  // The duration depends on the machine.
  CHECK(std::regex_replace(log.text(), std::regex("[0-9.]+ s"), "N s") ==
        "info outbox: working\n"
        "warning outbox: Redis is unavailable (connection refused); nothing is claimed until it answers\n"
        "warning outbox: Redis is unavailable (timed out); nothing is claimed until it answers\n"
        "warning outbox: Postgres is unavailable (no such host); nothing is claimed until it answers\n"
        "info outbox: working again, after N s\n"
        "info outbox: stopping\n");
}

TEST_CASE("dispatcher telemetry: the one of two dispatchers whose table is unfit is named, until it works") {
  Metrics metrics;
  Readiness readiness;
  const CapturedLog log;
  DispatcherTelemetry of_api(metrics, readiness, "api", {});
  auto& api = of_api.observer();
  DispatcherTelemetry of_sessions(metrics, readiness, "sessions", {});
  auto& sessions = of_sessions.observer();
  api.health(Health::working, "");
  sessions.health(Health::table_unfit, "table s does not exist");
  CHECK(!readiness.all_ready());
  CHECK(readiness.report() ==
        "sessions: the table can't be used as it is (table s does not exist); nothing is claimed until it can\n");
  CHECK(metrics.render().find("outboxd_ready{dispatcher=\"api\"} 1") != std::string::npos);
  CHECK(metrics.render().find("outboxd_ready{dispatcher=\"sessions\"} 0") != std::string::npos);
  sessions.health(Health::working, "");
  CHECK(readiness.all_ready());
  CHECK(std::regex_replace(log.text(), std::regex("[0-9.]+ s\n"), "N s\n") ==
        "info api: working\n"
        "warning sessions: the table can't be used as it is (table s does not exist); nothing is claimed until it "
        "can\n"
        "info sessions: working again, after N s\n");
}

TEST_CASE("dispatcher telemetry: a dead row and a refused stream are named, and not again for each row") {
  Metrics metrics;
  Readiness readiness;
  const CapturedLog log;
  DispatcherTelemetry of_observer(metrics, readiness, "outbox", {});
  auto& observer = of_observer.observer();
  for (int i = 0; i < 3; ++i) observer.failed("s.a", Fault::entry_refused, "WRONGTYPE");
  observer.failed("s.b", Fault::entry_refused, "NOPERM");
  observer.failed("s.b", Fault::redis_unreachable, "gone");
  observer.died("1", "s.a", Fault::entry_refused, "gave up");
  observer.died("2", "s.a", Fault::entry_refused, "gave up");
  CHECK(log.text() ==
        "warning outbox: a row of stream s.a was not published (WRONGTYPE); it is tried again\n"
        "warning outbox: a row of stream s.b was not published (NOPERM); it is tried again\n"
        "error outbox: row 1 of stream s.a is dead (gave up)\n");
}

TEST_CASE("dispatcher telemetry: names from rows and reasons from servers are cut, in the log and for /readyz") {
  Metrics metrics;
  Readiness readiness;
  const CapturedLog log;
  DispatcherTelemetry of_observer(metrics, readiness, "outbox", {});
  auto& observer = of_observer.observer();
  const std::string huge(300'000, 'x');
  observer.health(Health::redis_unavailable, huge);
  CHECK(readiness.report().size() < 1'300);
  CHECK(readiness.report().ends_with("; nothing is claimed until it answers\n"));
  observer.failed(huge, Fault::entry_refused, huge);
  observer.died(huge, huge, Fault::bad_row, huge);
  observer.reserved_fields_dropped(huge, 1);
  observer.refused_by_store(std::array{outboxd::dispatch::RefusedRow{huge, huge}});
  observer.freed_rows_of(huge);
  observer.ambiguous_entry(huge, huge, "a name with a line end", false);
  CHECK(log.text().size() < 7 * 1'700);
  CHECK(log.text().find("; it is tried again") != std::string::npos);
}

TEST_CASE("dispatcher telemetry: ambiguous entries are warned of once a stream") {
  Metrics metrics;
  Readiness readiness;
  const CapturedLog log;
  DispatcherTelemetry of_observer(metrics, readiness, "outbox", {});
  auto& observer = of_observer.observer();
  for (int i = 0; i < 1'000; ++i) {
    observer.ambiguous_entry("1", "s.a", "why", false);
    observer.ambiguous_entry("2", "s.a", "why", true);
  }
  const auto text = log.text();
  CHECK(std::count(text.begin(), text.end(), '\n') == 1);
  CHECK(text.starts_with("warning outbox: row 1 of stream s.a is ambiguous (why): "));
}

TEST_CASE("dispatcher telemetry: a repeated event has one line a minute") {
  Metrics metrics;
  Readiness readiness;
  const CapturedLog log;
  DispatcherTelemetry of_observer(metrics, readiness, "outbox", {});
  auto& observer = of_observer.observer();
  observer.health(Health::working, "");
  for (int i = 0; i < 1'000; ++i) {
    observer.freed_rows_of("worker " + std::to_string(i));
    observer.settled(1, 1, std::chrono::nanoseconds(1));
    observer.health(Health::redis_unavailable, "away");
    observer.health(Health::working, "");
  }
  const auto text = log.text();
  CHECK(std::count(text.begin(), text.end(), '\n') == 23);
  // The last report is that it works.
  const auto last_of_many = text.find("it changes too often for a line each: see /readyz");
  REQUIRE(last_of_many != std::string::npos);
  CHECK(text.find("working again", last_of_many) != std::string::npos);
}
