// SPDX-License-Identifier: Apache-2.0
#include "support/outbox_table.hpp"
#include "support/socket.hpp"
#include "support/wait.hpp"

#include <doctest/doctest.h>

using outboxd::test::contains;
using outboxd::test::contract_database;
using outboxd::test::Database;
using outboxd::test::insert_rows;
using outboxd::test::new_stream;
using outboxd::test::outboxd_environment;
using outboxd::test::run_outboxd;
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

}  // namespace

TEST_CASE("status counts what the table holds, without a daemon, and changes nothing") {
  const auto database = database_in_every_state();
  const auto before = database.rows("SELECT xmin, * FROM event_outbox ORDER BY id");
  const auto status = run_outboxd({"status", "--json", "--http-listen", "off"}, outboxd_environment(database));
  CHECK(status.status == 0);
  CHECK(contains(status.out, R"("pending":8,"oldest_pending_seconds":10)"));
  CHECK(contains(status.out, R"("leased":3,"in_retry":2,"dead":1,)"));
  CHECK(contains(status.out, R"("published_last_minute":null)"));
  CHECK(database.rows("SELECT xmin, * FROM event_outbox ORDER BY id") == before);
}

TEST_CASE("status asks the daemon what it published, with the token that its metrics need") {
  const auto database = contract_database();
  auto environment = with(outboxd_environment(database), {{"METRICS_BEARER", "let-me-in"}});
  const auto listen = "127.0.0.1:" + std::to_string(outboxd::test::free_port());
  const auto daemon = start_outboxd({"--http-listen", listen}, environment);
  insert_rows(database, "r", new_stream(), 25);
  const auto last_minute = [&] {
    return run_outboxd({"status", "--json", "--http-listen", listen}, environment).out;
  };
  wait_until([&] { return contains(last_minute(), R"("published_last_minute":25)"); });
  environment["METRICS_BEARER"] = "wrong";
  CHECK(contains(last_minute(), R"("published_last_minute":null)"));
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
