// SPDX-License-Identifier: Apache-2.0
#include "support/outbox_table.hpp"
#include "support/socket.hpp"
#include "support/wait.hpp"

#include <doctest/doctest.h>

#include <csignal>
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
using outboxd::test::wait_until;
using outboxd::test::with;

namespace {

/// Ten rows: three leased, two waiting for a further attempt, one dead, one published; one has an earlier date.
Database database_in_every_state() {
  auto database = contract_database();
  insert_rows(database, "r", new_stream(), 10);
  database.exec(
      "WITH numbered AS (SELECT id, row_number() OVER (ORDER BY id) AS n FROM event_outbox)"
      " UPDATE event_outbox AS o SET"
      "   locked_by = CASE WHEN n <= 3 THEN 'somebody' END,"
      "   locked_until = CASE WHEN n <= 3 THEN now() + interval '1 hour' END,"
      "   attempts = CASE WHEN n <= 6 THEN 1 ELSE 0 END,"
      "   available_at = CASE WHEN n IN (4, 5) THEN now() + interval '1 hour' WHEN n = 6 THEN 'infinity' ELSE now() "
      "END,"
      "   dispatched_at = CASE WHEN n = 7 THEN now() END,"
      "   created_at = CASE WHEN n = 8 THEN now() - interval '100 s' ELSE now() END"
      " FROM numbered WHERE numbered.id = o.id");
  return database;
}

std::string unused_address() {
  return "127.0.0.1:" + std::to_string(outboxd::test::free_port());
}

}  // namespace

TEST_CASE("status counts what the table holds, without a daemon, and changes nothing") {
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
  const auto status = run_outboxd(
      {"status", "--json"},
      with(outboxd_environment(database), {{"DATABASE_URL", shared_postgres().url(database.name, role)}}));
  CHECK_MESSAGE(status.status == 0, status.out);
  CHECK(contains(status.out, R"("pending":3,)"));
}

TEST_CASE("status tells the daemon's state, since when and why, also while the table can't be looked at") {
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
  const auto blocked = "\noutbox: stream " + stream + " is blocked (Redis refuses: WRONGTYPE";
  wait_until([&] { return contains(status().out, blocked); });
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

TEST_CASE("status asks the daemon what it published, with the token that its metrics need") {
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
  // Its state needs no token.
  CHECK(contains(refused, R"("ready":true,)"));
}

TEST_CASE("status names what keeps it from looking") {
  const auto database = contract_database();
  const auto status = run_outboxd({"status", "--table", "no_such_table"}, outboxd_environment(database));
  CHECK(status.status == 2);
  CHECK(contains(status.out, "table \"no_such_table\" does not exist"));
}

TEST_CASE("status --watch looks again until it is told to stop") {
  const auto database = contract_database();
  const auto status = start_outboxd({"status", "--json", "--watch"}, outboxd_environment(database));
  wait_until([&] { return contains(status->out(), R"("pending":0,)"); });
  insert_rows(database, "r", new_stream(), 4);
  wait_until([&] { return contains(status->out(), R"("pending":4,)"); });
  CHECK(status->running());
}
