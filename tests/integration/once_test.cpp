// SPDX-License-Identifier: Apache-2.0
// `outboxd --once`: its exit status and its last line.
#include "support/outbox_table.hpp"
#include "support/wait.hpp"

#include <doctest/doctest.h>

using outboxd::test::contains;
using outboxd::test::contract_database;
using outboxd::test::count_rows;
using outboxd::test::insert_row;
using outboxd::test::insert_rows;
using outboxd::test::literal;
using outboxd::test::new_stream;
using outboxd::test::once_counts;
using outboxd::test::outboxd_environment;
using outboxd::test::PrivateRedis;
using outboxd::test::run_outboxd;
using outboxd::test::shared_redis;
using outboxd::test::start_outboxd;
using outboxd::test::wait_until;
using outboxd::test::with;

namespace {

/// Creates a key of that name that is no stream, so that Redis refuses every XADD to it.
std::string wrong_type_stream() {
  auto stream = new_stream("wrong-type");
  shared_redis().probe().command("SET", stream, "a string");
  return stream;
}

}  // namespace

TEST_CASE("0: no row is due, or all are published; `run --once` is the same") {
  for (const std::vector<std::string>& command : {std::vector<std::string>{"--once"}, {"run", "--once"}}) {
    const auto database = contract_database();
    const auto environment = outboxd_environment(database);
    const auto idle = run_outboxd(command, environment);
    CHECK(idle.status == 0);
    CHECK(once_counts(idle.out).claimed == 0);
    const auto stream = new_stream();
    insert_rows(database, "a", stream, 500);
    const auto busy = run_outboxd(command, environment);
    CHECK(busy.status == 0);
    const auto counts = once_counts(busy.out);
    CHECK(counts.status == "all_published");
    CHECK(counts.claimed == 500);
    CHECK(counts.published == 500);
    CHECK(counts.add_up());
    CHECK(shared_redis().probe().xlen(stream) == 500);
  }
}

TEST_CASE("1: a stream that Redis refuses keeps its rows and their attempts, at once; the others are published") {
  const auto database = contract_database();
  const auto stream = new_stream();
  insert_row(database, "a", stream, "{}");
  insert_row(database, "b", wrong_type_stream(), "{}");
  insert_row(database, "c", stream, "{}");
  const auto ended = run_outboxd({"--once"}, outboxd_environment(database));
  CHECK(ended.status == 1);
  const auto counts = once_counts(ended.out);
  CHECK(counts.status == "incomplete");
  CHECK(counts.published == 2);
  CHECK(counts.retried == 0);
  CHECK(counts.released >= 1);
  CHECK(counts.add_up());
  CHECK(database.rows("SELECT attempts, dispatched_at, locked_until, available_at < now() + interval '5 s'"
                      " FROM event_outbox WHERE id = 'b'") == outboxd::test::Rows{{"0", "NULL", "NULL", "t"}});
  CHECK(contains(database.scalar("SELECT last_error FROM event_outbox WHERE id = 'b'"), "WRONGTYPE"));
}

TEST_CASE("1: a dead row") {
  const auto database = contract_database();
  insert_row(database, "a", new_stream(), "[]");
  const auto ended = run_outboxd({"--once"}, outboxd_environment(database));
  CHECK(ended.status == 1);
  CHECK(once_counts(ended.out).dead == 1);
  CHECK(once_counts(ended.out).add_up());
}

TEST_CASE("2: no Redis, no Postgres, no table, no usable configuration; no row is touched") {
  const auto database = contract_database();
  insert_row(database, "a", new_stream(), "{}");
  const auto environment = outboxd_environment(database);
  const auto refused = [&](const outboxd::test::Environment& changes, const std::vector<std::string>& flags = {}) {
    std::vector<std::string> command{"--once"};
    command.insert(command.end(), flags.begin(), flags.end());
    auto ended = run_outboxd(command, with(environment, changes));
    CHECK(ended.status == 2);
    CHECK(count_rows(database, "attempts = 0 AND locked_by IS NULL AND last_error IS NULL") == 1);
    return ended;
  };
  const auto no_redis = refused({{"REDIS_URL", "redis://127.0.0.1:1/0"}});
  CHECK(contains(no_redis.err, "127.0.0.1:1"));
  CHECK(once_counts(no_redis.out).status == "could_not_work");
  CHECK(once_counts(no_redis.out).claimed == 0);
  CHECK(once_counts(no_redis.out).add_up());
  const auto no_postgres = refused({{"DATABASE_URL", "postgresql://postgres@127.0.0.1:1/none"}});
  CHECK(contains(no_postgres.err, "Postgres"));
  CHECK(once_counts(no_postgres.out).claimed == 0);
  const auto no_table = refused({}, {"--table", "no_such_table"});
  CHECK(contains(no_table.err, "no_such_table"));
  CHECK(contains(no_table.err, "does not exist"));
  CHECK(once_counts(no_table.out).claimed == 0);
  CHECK(contains(refused({{"OUTBOXD_BATCH", "0"}}).err, "OUTBOXD_BATCH"));
  CHECK(contains(refused({}, {"--timeout", "0s"}).err, "--timeout"));
}

TEST_CASE("rows that are scheduled, dead, published or leased by another worker are not claimed") {
  const auto database = contract_database();
  const auto stream = new_stream();
  const auto insert = [&](const std::string& id, const std::string& columns, const std::string& values) {
    database.exec("INSERT INTO event_outbox (id, stream_name, payload_json, " + columns + ") VALUES (" + literal(id) +
                  ", " + literal(stream) + ", '{}', " + values + ")");
  };
  insert("later", "available_at", "now() + interval '1 hour'");
  insert("dead", "available_at, last_error", "'infinity', 'why'");
  insert("published", "dispatched_at", "now()");
  insert("leased", "locked_by, locked_until", "'other', now() + interval '1 hour'");
  insert("expired", "locked_by, locked_until, attempts", "'other', now() - interval '1 second', 1");
  const auto before = database.rows("SELECT * FROM event_outbox WHERE id <> 'expired' ORDER BY id");
  const auto ended = run_outboxd({"--once"}, outboxd_environment(database));
  CHECK(ended.status == 0);
  CHECK(once_counts(ended.out).claimed == 1);
  CHECK(database.rows("SELECT * FROM event_outbox WHERE id <> 'expired' ORDER BY id") == before);
  CHECK(shared_redis().probe().xrange(stream).at(0).at("outbox_id") == "expired");
  CHECK(count_rows(database, "id = 'expired' AND attempts = 2 AND dispatched_at IS NOT NULL") == 1);
}

TEST_CASE("it ends although rows keep coming") {
  const auto database = contract_database();
  const auto stream = new_stream();
  insert_rows(database, "row-", stream, 300);
  // Each published row inserts another one: a run that follows them would never end.
  database.exec(
      "CREATE FUNCTION another() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
      " INSERT INTO event_outbox (id, stream_name, payload_json, available_at)"
      " VALUES (gen_random_uuid(), new.stream_name, '{}', clock_timestamp()); RETURN NULL; END $$;"
      "CREATE TRIGGER another AFTER UPDATE OF dispatched_at ON event_outbox FOR EACH ROW"
      " WHEN (old.dispatched_at IS NULL AND new.dispatched_at IS NOT NULL) EXECUTE FUNCTION another()");
  const auto ended = run_outboxd({"--once"}, outboxd_environment(database));
  CAPTURE(ended.out);
  CAPTURE(ended.err);
  const auto counts = once_counts(ended.out);
  CHECK(counts.add_up());
  CHECK(counts.published >= 300);
  CHECK(count_rows(database, "id LIKE 'row-%' AND dispatched_at IS NULL") == 0);
  CHECK(count_rows(database, "dispatched_at IS NULL") > 0);
}

TEST_CASE("1: the time-out comes before all rows are published, and the last line has the number of remaining rows") {
  const auto database = contract_database();
  insert_rows(database, "a", new_stream(), 20000);
  // With batches of one row this takes much longer.
  const auto ended = run_outboxd({"--once", "--timeout", "1s", "--batch", "1"}, outboxd_environment(database));
  CHECK(ended.status == 1);
  const auto counts = once_counts(ended.out);
  CHECK(counts.status == "incomplete");
  CHECK(counts.add_up());
  CHECK(counts.published == count_rows(database, "dispatched_at IS NOT NULL"));
  CHECK(contains(ended.out, "\"remaining\":" + std::to_string(20000 - counts.published) + ","));
  CHECK(count_rows(database, "locked_until IS NOT NULL") == 0);
}

TEST_CASE("--timeout bounds the wait for an unreachable Redis or Postgres") {
  const auto database = contract_database();
  insert_row(database, "a", new_stream(), "{}");
  const auto environment = outboxd_environment(database);
  for (const outboxd::test::Environment& changes :
       {outboxd::test::Environment{{"REDIS_URL", "redis://127.0.0.1:1/0"}},
        {{"DATABASE_URL", "postgresql://postgres@127.0.0.1:1/none"}}}) {
    const auto ended =
        run_outboxd({"--once", "--timeout", "1s"}, with(environment, changes), "", std::chrono::seconds(20));
    CHECK(ended.status == 2);
    CHECK(once_counts(ended.out).claimed == 0);
    CHECK(count_rows(database, "attempts = 0 AND locked_until IS NULL") == 1);
  }
}

TEST_CASE("a Redis that becomes reachable within the time-out is used") {
  PrivateRedis redis;
  const auto database = contract_database();
  insert_rows(database, "a", "stream", 100);
  redis.stop();
  const auto outboxd = start_outboxd({"--once", "--timeout", "60s"}, outboxd_environment(database, redis));
  wait_until([&] { return contains(outboxd->out() + outboxd->err(), "Redis is unavailable"); });
  CHECK(count_rows(database, "attempts > 0 OR locked_until IS NOT NULL") == 0);
  redis.start();
  CHECK(outboxd->wait() == 0);
  CHECK(once_counts(outboxd->out()).published == 100);
  CHECK(redis.probe().xlen("stream") == 100);
}

TEST_CASE("the log goes to standard error: standard output has only the counts") {
  const auto ended = run_outboxd({"--once"}, outboxd_environment(contract_database()));
  CHECK(outboxd::test::occurrences(ended.out, "\n") == 1);
  CHECK(contains(ended.err, "ended: claimed 0"));
}

TEST_CASE("the log's first line describes the process, also if there are warnings") {
  const auto ended = run_outboxd(
      {"--once"}, with(outboxd_environment(contract_database()),
                       {{"METRICS_BEARER", "a-token-of-some-length"}, {"METRICS_BEARER_FILE", "/nonexistent"}}));
  CHECK(contains(ended.err, "are both set"));
  CHECK_MESSAGE(contains(ended.err.substr(0, ended.err.find('\n')), "; dispatcher outbox: table event_outbox"),
                ended.err);
}
