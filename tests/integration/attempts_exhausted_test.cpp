// SPDX-License-Identifier: Apache-2.0
// A poison row that kills its dispatcher each time it is sent.
#include "support/fault_proxy.hpp"
#include "support/outbox_table.hpp"
#include "support/wait.hpp"

#include <doctest/doctest.h>

#include <csignal>

using outboxd::test::contains;
using outboxd::test::contract_database;
using outboxd::test::count_rows;
using outboxd::test::FaultProxy;
using outboxd::test::insert_row;
using outboxd::test::new_stream;
using outboxd::test::outboxd_environment;
using outboxd::test::outboxd_is_sanitized;
using outboxd::test::shared_redis;
using outboxd::test::start_outboxd;
using outboxd::test::wait_until;
using outboxd::test::with;

TEST_CASE(
    "a row whose dispatcher dies at each attempt is dead after the last attempt, and later rows are published") {
  const auto database = contract_database();
  const auto stream = new_stream("worn-out");
  FaultProxy proxy(shared_redis().port());
  const auto environment = with(outboxd_environment(database),
                                {{"REDIS_URL", "redis://127.0.0.1:" + std::to_string(proxy.port()) + "/0"}});
  const std::vector<std::string> command{"run", "--max-attempts", "3", "--poll-interval", "20ms"};
  insert_row(database, "killer", stream, "{}");
  for (int attempt = 1; attempt <= 3; ++attempt) {
    const auto outboxd = start_outboxd(command, environment);
    proxy.wait_for("MAXLEN", FaultProxy::Phase::asked);
    CHECK(count_rows(database, "attempts = " + std::to_string(attempt)) == 1);
    outboxd->signal(SIGKILL);
    outboxd->wait();
    proxy.go_on(FaultProxy::Then::cut);
  }
  const auto outboxd = start_outboxd(command, environment);
  wait_until([&] { return count_rows(database, "available_at = 'infinity'") == 1; });
  const auto last_error = database.scalar("SELECT last_error FROM event_outbox WHERE dispatched_at IS NULL");
  CHECK(contains(last_error, "had used 3 of 3 attempts"));
  insert_row(database, "neighbour", stream, "{}");
  wait_until([&] { return count_rows(database, "dispatched_at IS NOT NULL") == 1; });
  const auto entries = shared_redis().probe().xrange(stream);
  REQUIRE(entries.size() == 1);
  CHECK(entries[0].at("outbox_id") == "neighbour");
}

TEST_CASE("rows don't die of a lack of memory" * doctest::skip(outboxd_is_sanitized())) {
  const auto database = contract_database();
  const auto stream = new_stream("large");
  database.exec("INSERT INTO event_outbox (id, stream_name, payload_json) SELECT 'row-' || n, '" + stream +
                "', jsonb_build_object('n', n, 'pad', repeat('x', 15000000)) FROM generate_series(1, 20) AS n");
  {
    // 400 MiB of address space, half of which the daemon with its threads takes before any row is claimed.
    outboxd::test::Child starved(
        {.command = {"/bin/sh", "-c", R"(ulimit -v 409600 && exec "$0" run)", outboxd::test::outboxd_program()},
         .environment = outboxd_environment(database)});
    wait_until([&] { return contains(starved.err(), "not enough memory") || contains(starved.err(), "bad_alloc"); });
  }
  CHECK(count_rows(database, "available_at = 'infinity'") == 0);
  const auto outboxd = start_outboxd({"run"}, outboxd_environment(database));
  wait_until([&] { return count_rows(database, "dispatched_at IS NOT NULL") == 20; }, std::chrono::seconds(60),
             "all rows to be published");
}
