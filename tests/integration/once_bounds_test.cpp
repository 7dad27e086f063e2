// SPDX-License-Identifier: Apache-2.0
// `--once --timeout` ends even if a server accepts the connection and then hangs.
#include "support/outbox_table.hpp"

#include <doctest/doctest.h>

using outboxd::test::contract_database;
using outboxd::test::count_rows;
using outboxd::test::create_contract_table;
using outboxd::test::insert_row;
using outboxd::test::once_counts;
using outboxd::test::outboxd_environment;
using outboxd::test::PrivatePostgres;
using outboxd::test::PrivateRedis;
using outboxd::test::run_outboxd;

namespace {

// Much longer than the time-out of a second, much shorter than the servers' own time-outs.
constexpr auto kDeadline = std::chrono::seconds(25);

}  // namespace

TEST_CASE("a Redis that hangs") {
  PrivateRedis redis;
  const auto database = contract_database();
  insert_row(database, "a", "stream", "{}");
  redis.pause();
  const auto ended = run_outboxd(
      {"--once", "--timeout", "1s", "--redis-timeout", "60s", "--redis-connect-timeout", "60s", "--lease", "300s"},
      outboxd_environment(database, redis), "", kDeadline);
  CHECK(ended.status == 2);
  CHECK(once_counts(ended.out).claimed == 0);
  CHECK(once_counts(ended.out).add_up());
  CHECK(count_rows(database, "attempts = 0 AND locked_until IS NULL") == 1);
  redis.resume();
}

TEST_CASE("a table that another session has locked") {
  const auto database = contract_database();
  insert_row(database, "a", "stream", "{}");
  const auto other = database.connect();
  pqxx::work lock(*other);
  lock.exec("LOCK TABLE event_outbox IN ACCESS EXCLUSIVE MODE");
  const auto ended = run_outboxd({"--once", "--timeout", "1s", "--postgres-statement-timeout", "60s"},
                                 outboxd_environment(database), "", kDeadline);
  CHECK(ended.status == 2);
  CHECK(once_counts(ended.out).claimed == 0);
  CHECK(once_counts(ended.out).add_up());
  lock.abort();
  CHECK(count_rows(database, "attempts = 0 AND locked_until IS NULL") == 1);
}

TEST_CASE("a Postgres that hangs") {
  PrivatePostgres postgres;
  const auto database = postgres.create_database();
  create_contract_table(database);
  insert_row(database, "a", "stream", "{}");
  postgres.pause();
  const auto ended = run_outboxd({"--once", "--timeout", "1s", "--postgres-connect-timeout", "60s"},
                                 outboxd_environment(database), "", kDeadline);
  CHECK(ended.status == 2);
  CHECK(once_counts(ended.out).claimed == 0);
  postgres.resume();
  CHECK(count_rows(database, "attempts = 0 AND locked_until IS NULL") == 1);
}
