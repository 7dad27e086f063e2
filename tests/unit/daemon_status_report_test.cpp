// SPDX-License-Identifier: Apache-2.0
#include "daemon/status/status_report.hpp"
#include "telemetry/readiness.hpp"
#include "telemetry/utc_time.hpp"

#include <doctest/doctest.h>

#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace outboxd::daemon {
namespace {

using telemetry::utc_time;

DispatcherStatus busy() {
  DispatcherStatus status{.dispatcher = "api", .table = "event_outbox"};
  status.figures = Figures{.counted_at = *utc_time("2026-01-31T12:00:00Z")};
  auto& [backlog, locked] = status.figures->overview;
  backlog.pending = 1'200;
  backlog.cap = 100'000;
  backlog.delayed = 7;
  backlog.oldest_pending = std::chrono::milliseconds{2'340};
  backlog.leased = 64;
  backlog.retrying = 3;
  status.state = DispatcherState{.ready = true, .since = utc_time("2026-01-31T11:00:00Z")};
  status.published_last_minute = 77;
  return status;
}

DispatcherStatus unknown() {
  return {.dispatcher = "coordinator",
          .table = "caracal_outbox",
          .problem = "no such \"table\"",
          .state =
              DispatcherState{.reason = "Redis is unavailable (refused)", .since = utc_time("2026-01-31T11:56:39Z")}};
}

StatusReport report_of(std::vector<DispatcherStatus> dispatchers) {
  return {.at = *utc_time("2026-01-31T12:00:00Z"),
          .daemon = {.address = "127.0.0.1:9464"},
          .dispatchers = std::move(dispatchers)};
}

}  // namespace

TEST_CASE("status as text: the time, a line of figures for each dispatcher, then each state with time and reason") {
  auto report = report_of({busy(), unknown()});
  report.dispatchers.front().state->notes = {"stream s is blocked (WRONGTYPE)"};
  report.dispatchers.front().figures->overview.backlog.dead = 1;
  report.daemon.state.notes = {"signing: entries go out unsigned"};
  report.daemon.state.signing = SigningState{};
  report.daemon.why_no_metrics = "it refuses the bearer token";
  CHECK(text_of(report) ==
        "2026-01-31T12:00:00Z\n"
        "DISPATCHER   TABLE           PENDING  OLDEST  DELAYED  LEASED  IN RETRY  DEAD  PER MIN  AGE\n"
        "api          event_outbox       1200    2.3s        7      64         3     1       77  0 s\n"
        "coordinator  caracal_outbox        ?       ?        ?       ?         ?     ?        -    -\n"
        "signing: entries go out unsigned\n"
        "/metrics at 127.0.0.1:9464 is not known, and so is what was published in the last minute: it refuses the "
        "bearer token\n"
        "api: ready since 2026-01-31T11:00:00Z (1 h 0 min)\n"
        "api: stream s is blocked (WRONGTYPE)\n"
        "api: 1 row is dead\n"
        "coordinator: not ready since 2026-01-31T11:56:39Z (3 min 21 s): Redis is unavailable (refused)\n"
        "coordinator: its table could not be looked at: no such \"table\"\n");
}

TEST_CASE("status as text: each row of the table is one line of the terminal") {
  auto long_names = busy();
  long_names.dispatcher = std::string(40, 'd');
  long_names.table = std::string(40, 't');
  for (const std::size_t width : {80, 90, 120, 160}) {
    std::istringstream lines{text_of(report_of({busy(), long_names}), width)};
    std::string line;
    std::getline(lines, line);
    for (int i = 0; i < 3; ++i) {
      std::getline(lines, line);
      CHECK_MESSAGE(line.size() <= width, line);
    }
    CHECK(line.find("ddd") != std::string::npos);
    CHECK(line.find("ttt") != std::string::npos);
  }
  CHECK(text_of(report_of({long_names})).find(std::string(40, 't')) != std::string::npos);
}

TEST_CASE("status shows the id of the key with which the daemon signs") {
  auto report = report_of({busy()});
  report.daemon.state.signing = SigningState{.key_id = "88386d75b558be88"};
  CHECK(text_of(report).find("\nsigning: entries are signed with key 88386d75b558be88\n") != std::string::npos);
  CHECK(exit_status_of(report) == kDone);
}

TEST_CASE("status names consumer groups that have stopped reading, and the command that shows more") {
  auto report = report_of({busy()});
  report.groups = {
      .stopped = {{.stream = "s\x1b", .group = "g", .unread = 12, .state = "12 unread entries, 1 consumer"}},
      .problems = {"whether consumer groups read is not known: NOPERM"}};
  CHECK(
      text_of(report).ends_with("stream s\\x1b: consumer group g has stopped reading: 12 unread entries, 1 consumer; "
                                "see outboxd streams status\n"
                                "whether consumer groups read is not known: NOPERM\n"));
  CHECK(
      json_lines_of(report).find(
          R"(,"stopped_groups":[{"stream":"s\u001b","group":"g","unread":12,"pending":0,"state":"12 unread entries, 1 consumer"}],)"
          R"("groups_problems":["whether consumer groups read is not known: NOPERM"]})") != std::string::npos);
  CHECK(exit_status_of(report) == kDone);
}

TEST_CASE("the streams that a daemon publishes to are those of its series") {
  CHECK(streams_in_metrics("# TYPE outboxd_published_total counter\n"
                           "outboxd_published_total{dispatcher=\"a\",stream=\"s.one\"} 5\n"
                           "outboxd_published_total{dispatcher=\"b\",stream=\"s.one\"} 5\n"
                           "outboxd_published_total{dispatcher=\"a\",stream=\"other\"} 5\n"
                           "outboxd_published_total{dispatcher=\"a\",stream=\"a\\\"b\"} 5\n"
                           "outboxd_dead_rows{stream=\"t\"} 1\n") == std::vector<std::string>{"s.one"});
}

TEST_CASE("status: locked rows are named once, by the daemon's report or by status itself") {
  auto status = busy();
  status.figures->overview.locked = {.rows = 5, .first = "r1", .who = "pid 7 of role app"};
  auto report = report_of({status});
  CHECK(exit_status_of(report) == kIncomplete);
  CHECK(text_of(report).ends_with(
      "\napi: ready since 2026-01-31T11:00:00Z (1 h 0 min)\n"
      "api: 5 rows are due for more than 10 s and locked by other transactions, so that no dispatcher can claim them "
      "(one is row r1): pid 7 of role app; end that transaction\n"));
  const std::string note =
      "5 row(s) are due for more than 10 s, and claims pass over them, as other transactions keep "
      "them locked (one is row r1): pid 7 of role app; end that transaction";
  report.dispatchers.front().state->notes = {note};
  CHECK(text_of(report).ends_with("(1 h 0 min)\napi: " + note + "\n"));
}

TEST_CASE("status: no daemon answers, none is asked, or the daemon runs other dispatchers") {
  auto alone = busy();
  alone.state.reset();
  auto report = report_of({alone});
  CHECK(text_of(report).ends_with("\napi: the daemon at 127.0.0.1:9464 has no dispatcher of this name\n"));
  CHECK(exit_status_of(report) == kIncomplete);
  report.daemon.why_none = "Connection refused";
  CHECK(text_of(report).ends_with("\nno daemon answers at 127.0.0.1:9464 (Connection refused)\n"));
  CHECK(exit_status_of(report) == kIncomplete);
  report.daemon = {.address = "off", .asked = false};
  CHECK(text_of(report).ends_with("\nno daemon is asked, as http.listen is off\n"));
  CHECK(exit_status_of(report) == kDone);
}

TEST_CASE("status: if the table can't be read, the daemon's last sample and its age are shown") {
  auto status = unknown();
  status.state.reset();
  DaemonAnswer daemon{.address = "127.0.0.1:9464"};
  daemon.state.dispatchers["coordinator"] = {.reason = "Postgres is unavailable",
                                             .since = utc_time("2026-01-31T11:59:00Z")};
  // 70 seconds before.
  daemon.metrics =
      "outboxd_pending_rows{dispatcher=\"coordinator\"} 12\noutboxd_delayed_rows{dispatcher=\"coordinator\"} 4\n"
      "outboxd_dead_rows{dispatcher=\"coordinator\"} 2\n"
      "outboxd_oldest_pending_age_seconds{dispatcher=\"coordinator\"} 1.5\n"
      "outboxd_published_last_minute{dispatcher=\"coordinator\"} 9\n"
      "outboxd_sample_timestamp_seconds{dispatcher=\"coordinator\"} 1769860730\n";
  add_answer(daemon, status);
  auto report = report_of({status});
  report.daemon = daemon;
  const auto text = text_of(report);
  CAPTURE(text);
  CHECK(text.find("     12    1.5s        4       ?         ?     2        9  1 min 10 s\n") != std::string::npos);
  CHECK(text.find("coordinator: not ready since 2026-01-31T11:59:00Z (1 min 0 s): Postgres is unavailable\n") !=
        std::string::npos);
  CHECK(text.find("coordinator: the figures are from the daemon's last sample, 1 min 10 s ago\n") !=
        std::string::npos);
  CHECK(text.ends_with("coordinator: 2 rows are dead\n"));
  CHECK(json_lines_of(report).find(R"("figures_from":"daemon","figures_age_seconds":70.000)") != std::string::npos);
  CHECK(exit_status_of(report) == kIncomplete);
}

TEST_CASE("status: control characters in a locked row's id and its holder's names are not printed") {
  auto locked = busy();
  locked.state.reset();
  locked.figures->overview.locked = {1, "a\x1b]0;b\a\napi: ready" + std::string(5'000, 'x'),
                                     "prepared transaction \x1b[2J"};
  const auto text = text_of(report_of({locked}));
  CAPTURE(text);
  CHECK(text.find(R"((one is row a\x1b]0;b\x07\napi: readyxxx)") != std::string::npos);
  CHECK(text.find(R"(: prepared transaction \x1b[2J; end that transaction)") != std::string::npos);
  CHECK(text.size() < 2'000);
}

TEST_CASE("status: a capped count is marked, and an empty backlog has no age") {
  auto many = busy();
  many.figures->overview.backlog.pending = 100'000;
  many.figures->overview.backlog.oldest_pending.reset();
  CHECK(text_of(report_of({many})).find(" 100000+       -  ") != std::string::npos);
}

TEST_CASE("status as JSON: an age of weeks is exact to the millisecond, too") {
  auto old = busy();
  old.figures->overview.backlog.oldest_pending = std::chrono::milliseconds{2'345'678'901};
  CHECK(json_lines_of(report_of({old})).find(R"("oldest_pending_seconds":2345678.901,)") != std::string::npos);
}

TEST_CASE("status as JSON: the same facts; unknown ones are null") {
  auto report = report_of({busy(), unknown()});
  report.dispatchers.back().state.reset();
  report.dispatchers.front().state->notes = {"stream s is blocked"};
  report.daemon.state.signing = SigningState{.key_id = "88386d75b558be88"};
  const std::string daemon =
      R"("daemon":{"listen":"127.0.0.1:9464","asked":true,"answers":true,"problem":null,"metrics_problem":null,)"
      R"("notes":[],"signing":{"signed":true,"key_id":"88386d75b558be88","sig2":false}},"stopped_groups":[],"groups_problems":[]})"
      "\n";
  CHECK(
      json_lines_of(report) ==
      R"({"dispatcher":"api","table":"event_outbox","pending":1200,"oldest_pending_seconds":2.340,"delayed":7,"leased":64,)"
      R"("in_retry":3,"dead":0,"locked":0,"locked_by":null,"counts_stop_at":100000,"published_last_minute":77,"time":"2026-01-31T12:00:00Z",)"
      R"("figures_from":"table","figures_age_seconds":0.000,"ready":true,"since":"2026-01-31T11:00:00Z",)"
      R"("state_seconds":3600,"reason":null,"notes":["stream s is blocked"],)" +
          daemon +
          R"({"dispatcher":"coordinator","table":"caracal_outbox","problem":"no such \"table\"",)"
          R"("published_last_minute":null,"time":"2026-01-31T12:00:00Z","figures_from":null,)"
          R"("figures_age_seconds":null,"ready":null,"since":null,"state_seconds":null,"reason":null,"notes":[],)" +
          daemon);
}

TEST_CASE("the exit status says whether all is well, something is wrong, or nothing answered") {
  CHECK(exit_status_of(report_of({busy(), busy()})) == kDone);
  CHECK(exit_status_of(report_of({busy(), unknown()})) == kIncomplete);
  // Only the daemon reports the problem.
  CHECK(exit_status_of(report_of({unknown()})) == kIncomplete);
  auto nothing = report_of({unknown()});
  nothing.daemon.why_none = "Connection refused";
  CHECK(exit_status_of(nothing) == kCouldNotWork);
  auto dead = busy();
  dead.figures->overview.backlog.dead = 1;
  CHECK(exit_status_of(report_of({dead})) == kIncomplete);
  auto waiting = busy();
  waiting.state->ready = false;
  CHECK(exit_status_of(report_of({waiting})) == kIncomplete);
  auto blocked = busy();
  blocked.state->notes = {"stream s is blocked"};
  CHECK(exit_status_of(report_of({blocked})) == kIncomplete);
}

TEST_CASE("the states and notes on a daemon's /readyz are parsed") {
  auto now = *utc_time("2026-01-31T12:00:00Z");
  telemetry::Readiness readiness{[&now] { return now; }};
  readiness.not_ready("a", "starting");
  readiness.not_ready("b", "starting");
  now += std::chrono::seconds{5};
  readiness.ready("a");
  readiness.not_ready("b", "Redis is unavailable (refused); nothing is claimed");
  readiness.note("a", "stream x is blocked (no (not ready since 2020-01-01T00:00:00Z)");
  readiness.note("signing", "entries go out unsigned");
  const auto daemon = parse_readyz(readiness.dated_report());
  REQUIRE(daemon.dispatchers.size() == 2);
  const auto& a = daemon.dispatchers.at("a");
  CHECK(a.ready);
  CHECK(a.since == now);
  CHECK(a.notes == std::vector<std::string>{"stream x is blocked (no (not ready since 2020-01-01T00:00:00Z)"});
  const auto& b = daemon.dispatchers.at("b");
  CHECK_FALSE(b.ready);
  CHECK(b.reason == "Redis is unavailable (refused); nothing is claimed");
  CHECK(b.since == utc_time("2026-01-31T12:00:00Z"));
  CHECK(b.notes.empty());
  CHECK(daemon.notes == std::vector<std::string>{"signing: entries go out unsigned"});
  CHECK(daemon.signing == SigningState{});
  // With which key entries are signed is no problem, and so no note.
  const SigningState strict{.key_id = "88386d75b558be88", .strict = true};
  const auto well = parse_readyz("signing: entries are " + text_of(strict) + "\n");
  CHECK(well.notes.empty());
  CHECK(well.signing == strict);
  CHECK(parse_readyz("a: ready since 2026-01-31T12:00:00Z\n").signing == std::nullopt);
}

TEST_CASE("another program's page has no dispatchers, and its control characters are not printed") {
  for (const auto* page : {"", "ready\n", "<html>\n<a href=\"x: y\">", "a: ready since yesterday\n"}) {
    CHECK(parse_readyz(page).dispatchers.empty());
  }
  CHECK(parse_readyz("a: \x1b[2J\n").notes == std::vector<std::string>{"a: \\x1b[2J"});
}

TEST_CASE("a dispatcher's series is found by the exact name") {
  const std::string metrics =
      "# TYPE x gauge\nx{dispatcher=\"ab\"} 5\nx{dispatcher=\"a\"} 7\ny{dispatcher=\"a\"} 9\nz{dispatcher=\"a\"} "
      "nan\n";
  CHECK(series_value(metrics, "x", "a") == 7);
  CHECK(series_value(metrics, "x", "b") == std::nullopt);
  CHECK(series_value(metrics, "z", "a") == std::nullopt);
}

}  // namespace outboxd::daemon
