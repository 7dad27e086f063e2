// SPDX-License-Identifier: Apache-2.0
#include "daemon/doctor/readers.hpp"
#include "daemon/settings/options_from_settings.hpp"
#include "daemon/status/group_lookup.hpp"
#include "support/caracal_table.hpp"
#include "support/outbox_table.hpp"
#include "support/socket.hpp"
#include "support/temp_dir.hpp"
#include "support/wait.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <regex>

using outboxd::test::contains;
using outboxd::test::contract_database;
using outboxd::test::Database;
using outboxd::test::insert_rows;
using outboxd::test::new_stream;
using outboxd::test::outboxd_environment;
using outboxd::test::run_outboxd;
using outboxd::test::shared_postgres;
using outboxd::test::shared_redis;
using outboxd::test::start_outboxd;
using outboxd::test::TempDir;
using outboxd::test::wait_until;
using outboxd::test::with;

namespace {

/// Ten rows: three leased, two waiting for a further attempt, one dead, one published; one has been due for longer
/// than the others.
Database database_in_every_state() {
  auto database = contract_database();
  insert_rows(database, "r", new_stream(), 10);
  database.exec(
      "WITH numbered AS (SELECT id, row_number() OVER (ORDER BY id) AS n FROM event_outbox)"
      " UPDATE event_outbox AS o SET"
      "   locked_by = CASE WHEN n <= 3 THEN 'other' END,"
      "   locked_until = CASE WHEN n <= 3 THEN now() + interval '1 hour' END,"
      "   attempts = CASE WHEN n <= 6 THEN 1 ELSE 0 END,"
      "   available_at = CASE WHEN n IN (4, 5) THEN now() + interval '1 hour' WHEN n = 6 THEN 'infinity'"
      "                      WHEN n = 8 THEN now() - interval '100 s' ELSE now() END,"
      "   dispatched_at = CASE WHEN n = 7 THEN now() END,"
      "   created_at = CASE WHEN n = 8 THEN now() - interval '100 s' ELSE now() END"
      " FROM numbered WHERE numbered.id = o.id");
  return database;
}

std::string unused_address() {
  return "127.0.0.1:" + std::to_string(outboxd::test::free_port());
}

}  // namespace

TEST_CASE("status names a consumer group that has stopped reading, by its stream, without another status") {
  const auto database = contract_database();
  const auto stream = new_stream("stopped");
  auto probe = shared_redis().probe();
  probe.command("XGROUP", "CREATE", stream, "sleepers", "0", "MKSTREAM");
  // An entry of 1970, which nobody has read.
  probe.command("XADD", stream, "1-1", "n", "1");
  const auto status =
      run_outboxd({"status", "--http-listen", "off", "--streams", stream}, outboxd_environment(database));
  CHECK_MESSAGE(status.status == 0, status.err);
  CHECK_MESSAGE(contains(status.out, "stream " + stream + ": consumer group sleepers has stopped reading: 1 unread"),
                status.out);
  CHECK(contains(status.out, "0 consumers; see outboxd streams status\n"));
  const auto unreachable =
      run_outboxd({"status", "--http-listen", "off", "--json"},
                  with(outboxd_environment(database), {{"REDIS_URL", "redis://" + unused_address()}}));
  CHECK(contains(unreachable.out, R"("groups_problems":["whether consumer groups read is not known: )"));
  probe.command("DEL", stream);
}

TEST_CASE("status bounds its look at consumer groups, and says what it left out") {
  using namespace std::chrono;
  const auto database = contract_database();
  const auto stream = new_stream("many");
  auto probe = shared_redis().probe();
  for (int i = 0; i < 103; ++i) probe.command("XGROUP", "CREATE", stream, "g" + std::to_string(i), "0", "MKSTREAM");
  const auto status =
      run_outboxd({"status", "--http-listen", "off", "--streams", stream}, outboxd_environment(database));
  CHECK_MESSAGE(
      contains(status.out, "3 consumer group(s) of stream " + stream + " were not looked at, as there are many"),
      status.out);
  // Time is over before the look begins, or while it looks at a stream.
  outboxd::config::Loaded loaded;
  auto& redis = loaded.dispatchers.emplace_back().redis.endpoint;
  redis.host = "127.0.0.1";
  redis.port = shared_redis().port();
  loaded.dispatchers.front().dispatcher.streams = {stream};
  const auto look = outboxd::daemon::look_at_groups(loaded, {stream}, milliseconds{0});
  CHECK(look.stopped.empty());
  REQUIRE(look.problems.size() == 1);
  CHECK_MESSAGE(contains(look.problems.front(), " were not looked at, as it took too long"), look.problems.front());
  outboxd::redis::CommandSession session{outboxd::daemon::redis_endpoint(loaded.dispatchers.front()), seconds{30},
                                         outboxd::redis::kBoundsOfLooks};
  outboxd::daemon::doctor::StreamFacts facts{.name = stream};
  const auto groups =
      outboxd::daemon::doctor::read_groups(session, system_clock::now(), true, facts, steady_clock::now());
  CHECK(groups.size() == 103);
  CHECK(facts.groups.empty());
  CHECK(facts.groups_left_out == 103);
  probe.command("DEL", stream);
}

TEST_CASE("status counts the table's rows without a daemon, and changes nothing") {
  const auto database = database_in_every_state();
  const auto before = database.rows("SELECT xmin, * FROM event_outbox ORDER BY id");
  const auto status = run_outboxd({"status", "--json", "--http-listen", "off"}, outboxd_environment(database));
  // One is dead.
  CHECK(status.status == 1);
  CHECK(contains(status.out, R"("pending":8,"oldest_pending_seconds":10)"));
  CHECK(contains(status.out, R"("leased":3,"in_retry":2,"dead":1,)"));
  CHECK(contains(status.out, R"("published_last_minute":null)"));
  CHECK(database.rows("SELECT xmin, * FROM event_outbox ORDER BY id") == before);
  const auto text = run_outboxd({"status", "--http-listen", "off"}, outboxd_environment(database));
  CHECK(contains(text.out, "\nno daemon is asked, as http.listen is off\noutbox: 1 row is dead\n"));
  database.exec("UPDATE event_outbox SET available_at = now() WHERE available_at = 'infinity'");
  CHECK(run_outboxd({"status", "--http-listen", "off"}, outboxd_environment(database)).status == 0);
  CHECK(run_outboxd({"status", "--http-listen", unused_address()}, outboxd_environment(database)).status == 1);
}

TEST_CASE("status needs no right but SELECT") {
  const auto database = contract_database();
  insert_rows(database, "r", new_stream(), 3);
  const auto role = "looker_" + database.name;
  database.exec(
      "CREATE ROLE " + role + " LOGIN; GRANT SELECT ON event_outbox TO " + role +
      "; ALTER TABLE event_outbox ENABLE ROW LEVEL SECURITY; CREATE POLICY look ON event_outbox FOR SELECT TO " +
      role + " USING (true)");
  const auto counts_three = [&] {
    const auto status = run_outboxd(
        {"status", "--json"},
        with(outboxd_environment(database), {{"DATABASE_URL", shared_postgres().url(database.name, role)}}));
    CHECK_MESSAGE(status.status == 0, status.out);
    CHECK_MESSAGE(contains(status.out, R"("pending":3,)"), status.out);
  };
  counts_three();
  // A role with these rights can't see locks of rows; the counts work nevertheless.
  database.exec(
      "UPDATE event_outbox SET available_at = now() - interval '1 min', created_at = now() - interval '1 min'; "
      "REVOKE "
      "SELECT ON event_outbox FROM " +
      role +
      "; GRANT SELECT (id, stream_name, payload_json, attempts, available_at, locked_until, locked_by, last_error, "
      "dispatched_at, created_at) ON event_outbox TO " +
      role);
  counts_three();
}

TEST_CASE("status: a role with only SELECT counts the Coordinator's own table if it may read no other") {
  const auto database = outboxd::test::caracal_database();
  const auto role = "looker_" + database.name;
  database.exec("CREATE ROLE " + role + " LOGIN; GRANT SELECT ON caracal_outbox TO " + role);
  const auto status = run_outboxd(
      {"status", "--json", "--profile", "coordinator", "--http-listen", "off"},
      with(outboxd_environment(database), {{"DATABASE_URL", shared_postgres().url(database.name, role)}}));
  CHECK_MESSAGE(status.status == 0, status.out, status.err);
  CHECK(contains(status.out, R"("table":"caracal_outbox","pending":0,)"));
  CHECK(status.err.empty());
}

TEST_CASE("status shows the daemon's state with time and reason, also if the table can't be read") {
  const auto database = contract_database();
  const auto environment = outboxd_environment(database);
  const auto listen = unused_address();
  const auto daemon = start_outboxd({"--http-listen", listen, "--probe-max", "100ms"}, environment);
  const auto status = [&](const std::vector<std::string>& more = {}) {
    std::vector<std::string> command{"status", "--http-listen", listen};
    command.insert(command.end(), more.begin(), more.end());
    return run_outboxd(command, environment);
  };
  wait_until([&] { return status().status == 0; });
  CHECK(std::regex_search(status().out, std::regex(R"(\noutbox: ready since 20\d\d-\S+Z \(\d+ s\)\n)")));
  CHECK(contains(status({"--json"}).out, R"("ready":true,"since":"20)"));
  CHECK(contains(status({"--name", "other"}).out,
                 "other: the daemon at " + listen + " has no dispatcher of this name"));

  const auto stream = new_stream("blocked");
  shared_redis().probe().command("SET", stream, "a string");
  insert_rows(database, "r", stream, 1);
  const std::regex blocked{"\noutbox: stream " + stream + R"( is blocked since 20\S+Z \(Redis refuses: WRONGTYPE)"};
  wait_until([&] { return std::regex_search(status().out, blocked); });
  CHECK(status().status == 1);
  CHECK(contains(status({"--json"}).out, "\"notes\":[\"stream " + stream + " is blocked"));
  shared_redis().probe().command("DEL", stream);
  wait_until([&] { return status().status == 0; });

  const auto administration = shared_postgres().database("postgres");
  administration.exec("ALTER DATABASE " + database.name + " ALLOW_CONNECTIONS false");
  administration.exec("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '" + database.name +
                      "'");
  wait_until([&] { return contains(status().out, "Postgres is unavailable"); });
  const auto away = status();
  CHECK(away.status == 1);
  CHECK(std::regex_search(away.out,
                          std::regex(R"(\noutbox: not ready since 20\S+Z \(\d+ s\): Postgres is unavailable \()")));
  CHECK(contains(away.out, "\noutbox: its table could not be looked at: "));
  CHECK(contains(status({"--json"}).out, R"("ready":false,"since":"20)"));
  daemon->signal(SIGTERM);
  CHECK(daemon->wait() == 0);
  const auto nothing = status();
  CHECK(nothing.status == 2);
  CHECK(contains(nothing.out, "\nno daemon answers at " + listen + " (Connection refused)\n"));
}

TEST_CASE(
    "status: lag is the age since a row was due, of one that was tried since its creation; delayed rows have none") {
  struct Case {
    const char* what;
    /// The values of created_at, available_at, attempts; in event_outbox also locked_until, last_error.
    std::string values;
    /// The expected lag in seconds; below 0: none.
    double lag;
    int delayed;
  };
  const auto in = [](const std::string& seconds) { return "now() + interval '" + seconds + " s'"; };
  const auto check = [](const Database& database, const std::string& insert, const Case& row,
                        const std::vector<std::string>& words) {
    CAPTURE(row.what);
    database.exec("DELETE FROM " + words.back());
    database.exec(insert + row.values + ")");
    const auto out = run_outboxd(words, outboxd_environment(database)).out;
    CHECK_MESSAGE(contains(out, R"("delayed":)" + std::to_string(row.delayed) + ","), out);
    const std::string key = R"("oldest_pending_seconds":)";
    const auto value = out.substr(out.find(key) + key.size());
    if (row.lag < 0) {
      CHECK_MESSAGE(value.starts_with("null"), out);
    } else {
      CHECK_MESSAGE(std::stod(value) >= row.lag, out);
      CHECK_MESSAGE(std::stod(value) < row.lag + 60, out);
    }
  };
  const auto event_database = contract_database();
  const std::vector<std::string> event{"status", "--json", "--http-listen", "off", "--table", "event_outbox"};
  for (const Case& row : std::vector<Case>{
           {"delayed", in("-7200") + "," + in("3600") + ", 0, NULL, NULL", -1, 1},
           {"due now, delayed before", in("-7200") + "," + in("-100") + ", 0, NULL, NULL", 100, 0},
           {"in flight, delayed before", in("-7200") + "," + in("-100") + ", 1, " + in("30") + ", NULL", 100, 0},
           {"waits for its retry", in("-500") + "," + in("30") + ", 3, NULL, 'refused'", 500, 0},
           {"was given back for later", in("-500") + "," + in("30") + ", 0, NULL, 'refused'", 500, 0},
           {"its retry is due", in("-500") + "," + in("-1") + ", 3, NULL, 'refused'", 500, 0},
           {"due since ever", in("-200") + ", '-infinity', 0, NULL, NULL", 200, 0},
           {"dead", in("-500") + ", 'infinity', 3, NULL, 'refused'", -1, 0},
       }) {
    check(
        event_database,
        "INSERT INTO event_outbox (id, stream_name, payload_json, created_at, available_at, attempts, locked_until, "
        "last_error) VALUES ('a', 's', '{}', ",
        row, event);
  }
  const auto caracal = outboxd::test::caracal_database();
  const std::vector<std::string> words{"status",      "--json",   "--http-listen",  "off",     "--profile",
                                       "coordinator", "--layout", "caracal_outbox", "--table", "caracal_outbox"};
  for (const Case& row : std::vector<Case>{
           {"delayed", in("-7200") + "," + in("3600") + ", 0", -1, 1},
           {"in flight, or due within the lease", in("-7200") + "," + in("20") + ", 0", -1, 0},
           {"due now, delayed before", in("-7200") + "," + in("-100") + ", 0", 100, 0},
           {"waits for its retry", in("-500") + "," + in("30") + ", 3", 500, 0},
           {"its retry is due", in("-500") + "," + in("-1") + ", 3", 500, 0},
       }) {
    check(caracal,
          "INSERT INTO caracal_outbox (id, producer, topic, dedupe_key, payload_json, created_at, available_at, "
          "attempts) VALUES ('a', 'coordinator', 's', 'k', '{}', ",
          row, words);
  }
}

TEST_CASE("status asks the daemon for its published rows, with the token that the metrics require") {
  const auto database = contract_database();
  auto environment = with(outboxd_environment(database), {{"METRICS_BEARER", "let-me-in"}});
  const auto listen = unused_address();
  const auto daemon = start_outboxd({"--http-listen", listen}, environment);
  insert_rows(database, "r", new_stream(), 25);
  const auto last_minute = [&] {
    return run_outboxd({"status", "--json", "--http-listen", listen}, environment).out;
  };
  wait_until([&] { return contains(last_minute(), R"("published_last_minute":25)"); });
  environment["METRICS_BEARER"] = "wrong";
  const auto refused = last_minute();
  CHECK(contains(refused, R"("published_last_minute":null)"));
  CHECK(contains(refused, R"("metrics_problem":"it refuses the bearer token)"));
  // The state needs no token.
  CHECK(contains(refused, R"("ready":true,)"));
}

TEST_CASE("status names the reason if it can't read a table") {
  const auto database = contract_database();
  const auto status = run_outboxd({"status", "--table", "no_such_table"}, outboxd_environment(database));
  CHECK(status.status == 2);
  CHECK(contains(status.out, "table \"no_such_table\" does not exist"));
}

TEST_CASE("status --watch uses a login and a table that appear later") {
  const TempDir folder;
  const auto database = contract_database();
  const auto role = "coordinators_" + database.name;
  const auto file = folder.write("url", shared_postgres().url(database.name, "nobody_" + database.name));
  const auto status = start_outboxd(
      {"status", "--json", "--watch", "--profile", "coordinator", "--http-listen", "off"},
      with(outboxd_environment(database), {{"DATABASE_URL", ""}, {"DATABASE_URL_FILE", file.string()}}));
  wait_until([&] { return contains(status->out(), "does not exist"); });
  database.exec("CREATE ROLE " + role + " LOGIN");
  // Replaced by a rename, so that no reader sees half of it.
  std::filesystem::rename(folder.write("next", shared_postgres().url(database.name, role)), file);
  wait_until([&] { return contains(status->out(), role); });
  outboxd::test::create_caracal_table(database);
  database.exec("GRANT SELECT, UPDATE ON caracal_outbox TO " + role);
  wait_until([&] { return contains(status->out(), R"("table":"caracal_outbox","pending":0,)"); });
  CHECK(status->running());
}

TEST_CASE("status --watch repeats until a signal stops it") {
  const auto database = contract_database();
  const auto status = start_outboxd({"status", "--json", "--watch"}, outboxd_environment(database));
  wait_until([&] { return contains(status->out(), R"("pending":0,)"); });
  insert_rows(database, "r", new_stream(), 4);
  wait_until([&] { return contains(status->out(), R"("pending":4,)"); });
  CHECK(status->running());
}
