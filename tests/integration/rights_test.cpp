// SPDX-License-Identifier: Apache-2.0
// The rights and tables that the daemon needs, and its messages if they are missing.
#include "support/caracal_table.hpp"
#include "support/outbox_table.hpp"

#include <doctest/doctest.h>

using outboxd::test::contains;
using outboxd::test::contract_database;
using outboxd::test::count_rows;
using outboxd::test::Database;
using outboxd::test::Finished;
using outboxd::test::insert_row;
using outboxd::test::insert_rows;
using outboxd::test::new_stream;
using outboxd::test::outboxd_environment;
using outboxd::test::run_outboxd;
using outboxd::test::shared_postgres;
using outboxd::test::shared_redis;
using outboxd::test::with;

namespace {

/// A role with only these rights on the table.
std::string role_with(const Database& database, const std::string& rights) {
  auto role = "worker_" + database.name;
  database.exec("CREATE ROLE " + role + " LOGIN; GRANT " + rights + " TO " + role);
  return role;
}

Finished once_as(const Database& database, const std::string& role, std::vector<std::string> flags = {}) {
  flags.insert(flags.begin(), "--once");
  return run_outboxd(
      flags, with(outboxd_environment(database), {{"DATABASE_URL", shared_postgres().url(database.name, role)}}));
}

void check_refused(const Finished& ended, const std::vector<std::string>& named) {
  CHECK(ended.status == 2);
  for (const auto& word : named) {
    CHECK_MESSAGE(contains(ended.err, word), word, " is not in: ", ended.err);
  }
}

/// A database with one row that is due and untouched.
Database database_with_row() {
  auto database = contract_database();
  insert_row(database, "a", new_stream(), "{}");
  return database;
}

/// All parts of a database that a migration could change.
outboxd::test::Rows whole_schema(const Database& database) {
  return database.rows(
      "SELECT oid, relname, relfilenode, relnatts, relacl FROM pg_class WHERE relnamespace = 'public'::regnamespace"
      " UNION ALL SELECT oid, tgname, 0, 0, NULL FROM pg_trigger"
      " UNION ALL SELECT oid, proname, 0, 0, NULL FROM pg_proc WHERE pronamespace = 'public'::regnamespace ORDER BY "
      "1");
}

bool untouched(const Database& database) {
  return count_rows(database, "attempts = 0 AND locked_until IS NULL AND dispatched_at IS NULL") == 1;
}

}  // namespace

TEST_CASE("SELECT and UPDATE on the one table are enough") {
  const auto database = contract_database();
  const auto stream = new_stream();
  insert_rows(database, "a", stream, 100);
  insert_row(database, "dead", stream, "[]");
  const auto role = role_with(database, "SELECT, UPDATE ON event_outbox");
  const auto schema = whole_schema(database);
  const auto ended = once_as(database, role);
  CHECK(ended.status == 1);
  CHECK(shared_redis().probe().xlen(stream) == 100);
  CHECK(count_rows(database, "dispatched_at IS NOT NULL") == 100);
  CHECK(count_rows(database, "available_at = 'infinity'") == 1);
  // The table is unchanged.
  CHECK(whole_schema(database) == schema);
}

TEST_CASE("UPDATE on only the written columns is enough as well") {
  const auto database = database_with_row();
  const auto role = role_with(database,
                              "SELECT, UPDATE (attempts, available_at, locked_until, locked_by, last_error,"
                              " dispatched_at) ON event_outbox");
  const auto ended = once_as(database, role);
  CHECK_MESSAGE(ended.status == 0, ended.err);
  CHECK(count_rows(database, "dispatched_at IS NOT NULL") == 1);
}

TEST_CASE("a missing table: the error names the searched schemas, without a session's temporary one") {
  const auto database = shared_postgres().create_database();
  const auto error_with = [&](const std::string& path) {
    database.exec("ALTER DATABASE " + database.name + " SET search_path = " + path);
    return run_outboxd({"--once"}, outboxd_environment(database)).err;
  };
  database.exec("CREATE SCHEMA app");
  CHECK(contains(error_with("app, public"),
                 "does not exist in database " + database.name + " (schemas app, public): "));
  CHECK(contains(error_with("''"), "does not exist in database " + database.name + " (schemas none): "));
}

TEST_CASE("a missing right is named before any row is touched") {
  {
    const auto database = database_with_row();
    const auto role = role_with(database, "SELECT ON event_outbox");
    check_refused(once_as(database, role), {role, "event_outbox", "update", "GRANT UPDATE ON"});
    CHECK(untouched(database));
  }
  {
    const auto database = database_with_row();
    const auto role = role_with(database, "UPDATE ON event_outbox");
    check_refused(once_as(database, role), {role, "event_outbox", "read", "GRANT SELECT ON"});
    CHECK(untouched(database));
  }
  {
    const auto database = database_with_row();
    const auto role = role_with(
        database, "SELECT, UPDATE (attempts, available_at, locked_until, locked_by, last_error) ON event_outbox");
    check_refused(once_as(database, role), {role, "dispatched_at"});
    CHECK(untouched(database));
  }
  {
    auto database = database_with_row();
    database.exec("CREATE SCHEMA hidden; ALTER TABLE event_outbox SET SCHEMA hidden");
    const auto role = role_with(database, "SELECT, UPDATE ON hidden.event_outbox");
    check_refused(once_as(database, role, {"--table", "hidden.event_outbox"}), {"hidden"});
    CHECK(database.scalar("SELECT attempts FROM hidden.event_outbox") == "0");
  }
}

TEST_CASE("all missing columns are named at once, before any row is touched") {
  const auto database = database_with_row();
  database.exec("ALTER TABLE event_outbox DROP COLUMN locked_by, DROP COLUMN last_error");
  check_refused(once_as(database, "postgres"), {"event_outbox", "locked_by", "last_error"});
  CHECK(untouched(database));
  // The column request_id isn't needed.
  const auto other = database_with_row();
  other.exec("ALTER TABLE event_outbox DROP COLUMN request_id");
  CHECK(once_as(other, "postgres").status == 0);
}

TEST_CASE("a missing table, a view, a sequence, and a table with other columns are refused") {
  const auto database = database_with_row();
  check_refused(once_as(database, "postgres", {"--table", "elsewhere.event_outbox"}),
                {"elsewhere.event_outbox", "does not exist", "outboxd migrate"});
  database.exec(
      "CREATE VIEW a_view AS SELECT * FROM event_outbox; CREATE SEQUENCE a_sequence;"
      "CREATE TABLE other (id int)");
  check_refused(once_as(database, "postgres", {"--table", "a_view"}), {"a_view", "not a table"});
  check_refused(once_as(database, "postgres", {"--table", "a_sequence"}), {"a_sequence", "not a table"});
  check_refused(once_as(database, "postgres", {"--table", "other"}), {"other", "stream_name", "payload_json"});
  CHECK(untouched(database));
}

TEST_CASE("the Coordinator's role may use only its own table: without a setting each command uses that table") {
  const auto database = contract_database();
  outboxd::test::create_caracal_table(database);
  const auto stream = new_stream();
  outboxd::test::insert_caracal_row(database, "a", stream, "{}");
  const auto role = role_with(database, "SELECT, UPDATE ON caracal_outbox");
  const auto environment =
      with(outboxd_environment(database), {{"DATABASE_URL", shared_postgres().url(database.name, role)}});
  const auto run = [&environment](std::vector<std::string> words) {
    words.insert(words.end(), {"--profile", "coordinator"});
    return run_outboxd(words, environment);
  };
  const auto once = run({"--once"});
  CHECK_MESSAGE(once.status == 0, once.err);
  CHECK(contains(once.err, "caracal_outbox, which is usual for the profile coordinator, is taken"));
  CHECK(outboxd::test::count_caracal_rows(database, "status = 'published'") == 1);
  const auto published = shared_redis().probe().xrange(stream).at(0);
  CHECK(published.at("dedupe_key") == "key-a");
  const auto status = run({"status"});
  CHECK_MESSAGE(status.status == 0, status.err);
  CHECK(contains(status.out, "caracal_outbox"));
  // A schema in the URL doesn't choose a table.
  auto of_schema = environment;
  of_schema["DATABASE_URL"] += "?schema=public";
  const auto named = run_outboxd({"--once", "--profile", "coordinator"}, of_schema);
  CHECK_MESSAGE(named.status == 0, named.err);
  const auto enqueued = run({"enqueue", "s", "a=1"});
  CHECK(enqueued.status == 2);
  CHECK(contains(enqueued.err, "has layout caracal_outbox"));
  // A setting wins.
  for (const auto& chosen :
       std::vector<std::vector<std::string>>{{"--table", "event_outbox"}, {"--layout", "event_outbox"}}) {
    auto words = chosen;
    words.insert(words.begin(), "--once");
    check_refused(run(words), {"GRANT SELECT ON \"event_outbox\""});
  }
  // The other profile has no second table.
  check_refused(run_outboxd({"--once"}, environment), {"GRANT SELECT ON \"event_outbox\""});
}

TEST_CASE("the Coordinator's profile without a setting uses the default table if it can be used, and logs that") {
  const auto database = contract_database();
  const auto run = [&database](const std::string& command) {
    return run_outboxd({command, "--profile", "coordinator"}, outboxd_environment(database));
  };
  insert_row(database, "a", new_stream(), "{}");
  const auto alone = run("--once");
  CHECK_MESSAGE(alone.status == 0, alone.err);
  CHECK(!contains(alone.err, "no table was chosen"));
  outboxd::test::create_caracal_table(database);
  outboxd::test::insert_caracal_row(database, "c", new_stream(), "{}");
  const auto both = run("--once");
  CHECK(both.status == 0);
  CHECK(contains(both.err, "both event_outbox and caracal_outbox can be used: event_outbox, the default, is taken"));
  CHECK(outboxd::test::count_caracal_rows(database, "status = 'pending'") == 1);
  database.exec("DROP TABLE event_outbox, caracal_outbox");
  check_refused(run("--once"), {"neither event_outbox", "table \"event_outbox\" does not exist",
                                "table \"caracal_outbox\" does not exist", "dispatcher.layout"});
  check_refused(run("status"), {"neither event_outbox"});
}

TEST_CASE("a role's settings that change the catalog's output have no effect on any command") {
  const auto database = shared_postgres().create_database();
  for (const char* setting :
       {"quote_all_identifiers = on", "DateStyle = 'SQL, DMY'", "IntervalStyle = 'sql_standard'",
        "bytea_output = 'escape'", "extra_float_digits = -15", "TimeZone = 'Asia/Kathmandu'",
        "standard_conforming_strings = off", "array_nulls = off", "transform_null_equals = on"}) {
    database.exec("ALTER DATABASE " + database.name + " SET " + setting);
  }
  const auto environment = outboxd_environment(database);
  const auto run = [&environment](const std::vector<std::string>& words) {
    const auto ended = run_outboxd(words, environment);
    CHECK_MESSAGE(ended.status == 0, words.front(), ": ", ended.err);
    return ended;
  };
  run({"migrate", "--wake-ups", "--tune", "--stream-index"});
  const auto again = run({"migrate", "--wake-ups", "--tune", "--stream-index"});
  CHECK_MESSAGE(!contains(again.out, ": applied"), again.out);
  run({"enqueue", new_stream(), "a=1"});
  CHECK(contains(run({"status"}).out, "event_outbox"));
  CHECK(!contains(run({"--once"}).err, "can't be"));
  CHECK(count_rows(database, "dispatched_at IS NOT NULL") == 1);
  database.exec(
      "INSERT INTO caracal_outbox (id, producer, topic, dedupe_key, payload_json) VALUES ('a', 'coordinator', "
      "'" +
      new_stream() + "', 'k', '{}')");
  run({"--once", "--profile", "coordinator", "--layout", "caracal_outbox"});
  run({"status", "--profile", "coordinator", "--layout", "caracal_outbox"});
  run({"migrate", "--revert", "3"});
}

TEST_CASE("a table in another schema, and a partitioned one") {
  const auto database = contract_database();
  const auto stream = new_stream();
  database.exec(
      "CREATE SCHEMA api; CREATE TABLE api.events (LIKE event_outbox INCLUDING DEFAULTS) PARTITION BY HASH (id);"
      "CREATE TABLE api.events_0 PARTITION OF api.events FOR VALUES WITH (MODULUS 2, REMAINDER 0);"
      "CREATE TABLE api.events_1 PARTITION OF api.events FOR VALUES WITH (MODULUS 2, REMAINDER 1);"
      "INSERT INTO api.events (id, stream_name, payload_json) SELECT n, '" +
      stream + "', '{}' FROM generate_series(1, 100) AS n");
  const auto ended = once_as(database, "postgres", {"--table", "api.events"});
  CHECK_MESSAGE(ended.status == 0, ended.err);
  CHECK(shared_redis().probe().xlen(stream) == 100);
}

TEST_CASE("a schema that the role may not use is named, and isn't an outage of Postgres") {
  const auto database = database_with_row();
  database.exec("CREATE SCHEMA hidden; ALTER TABLE event_outbox SET SCHEMA hidden");
  const auto role = role_with(database, "SELECT, UPDATE ON hidden.event_outbox");
  check_refused(once_as(database, role, {"--table", "hidden.event_outbox"}), {"hidden", "GRANT USAGE ON"});
  database.exec("GRANT USAGE ON SCHEMA hidden TO " + role);
  CHECK(once_as(database, role, {"--table", "hidden.event_outbox"}).status == 0);
}
