// SPDX-License-Identifier: Apache-2.0
#include "enqueue/enqueue.hpp"

#include "enqueue/enqueue_payload.hpp"
#include "migrate/migrator.hpp"
#include "postgres/pqxx_compat.hpp"
#include "support/shared_servers.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using outboxd::enqueue::EnqueueError;
using outboxd::enqueue::Event;
using outboxd::enqueue::insert_events;
using outboxd::enqueue::payload_from_arguments;
using outboxd::test::Database;
using outboxd::test::Rows;
using outboxd::test::shared_postgres;

namespace {

Database migrated_database() {
  auto database = shared_postgres().create_database();
  outboxd::migrate::Migrator(*database.connect()).apply();
  return database;
}

std::vector<std::string> insert(const Database& database, const std::vector<Event>& events,
                                const std::string& table = "event_outbox") {
  return insert_events(*database.connect(), table, events);
}

std::string error_of(const Database& database, const std::vector<Event>& events,
                     const std::string& table = "event_outbox") {
  try {
    insert(database, events, table);
  } catch (const EnqueueError& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace

TEST_CASE("an inserted row can be claimed by every dispatcher of the table") {
  const auto database = migrated_database();
  const auto ids = insert(database, {{"orders", R"({"a":"1"})", ""}});
  REQUIRE(ids.size() == 1);
  CHECK(database.rows("SELECT id, stream_name, payload_json, attempts, locked_until, dispatched_at, last_error"
                      " FROM event_outbox WHERE dispatched_at IS NULL AND available_at <= now()"
                      " AND (locked_until IS NULL OR locked_until < now())") ==
        Rows{{ids[0], "orders", R"({"a": "1"})", "0", "NULL", "NULL", "NULL"}});
}

TEST_CASE("arguments of the command line arrive as the intended values") {
  const auto database = migrated_database();
  const std::string nasty = "quo\"te 'single' \\back {a,b} NULL größe 🙂 \t\n\x01";
  const std::vector<std::string> arguments{
      "text=" + nasty, "empty=", "number:=9007199254740993", "exact:=1.10", "list:=[1, {\"b\": null}]", "off:=false"};
  insert(database, {{"a \"stream\", {odd}\\", payload_from_arguments(arguments), ""}});
  CHECK(database.rows("SELECT stream_name, payload_json->>'text', payload_json->>'empty', payload_json->>'number',"
                      " payload_json->>'exact', payload_json->>'list', jsonb_typeof(payload_json->'off')"
                      " FROM event_outbox") ==
        Rows{{"a \"stream\", {odd}\\", nasty, "", "9007199254740993", "1.10", R"([1, {"b": null}])", "boolean"}});
}

TEST_CASE("many rows: ids in the order of the events, over several statements") {
  const auto database = migrated_database();
  std::vector<Event> events;
  for (int i = 0; i < 1234; ++i) events.push_back({"s", "{\"n\":" + std::to_string(i) + "}", ""});
  const auto ids = insert(database, events);
  CHECK(ids.size() == events.size());
  CHECK(std::is_sorted(ids.begin(), ids.end()));
  CHECK(database.scalar("SELECT bool_and(n = rank - 1) FROM (SELECT (payload_json->>'n')::int AS n,"
                        " row_number() OVER (ORDER BY id) AS rank FROM event_outbox) AS numbered") == "t");
  CHECK(database.scalar("SELECT count(DISTINCT created_at) FROM event_outbox") == "1");
}

TEST_CASE("large payloads are split over statements and arrive whole") {
  const auto database = migrated_database();
  const std::string large(3 << 20, 'x');
  insert(database, {{"s", "{\"v\":\"" + large + "\"}", ""}, {"s", "{\"v\":\"" + large + "\"}", ""}});
  CHECK(database.rows("SELECT length(payload_json->>'v') FROM event_outbox") == Rows{{"3145728"}, {"3145728"}});
}

TEST_CASE("without events no row is inserted") {
  CHECK(insert(migrated_database(), {}).empty());
}

TEST_CASE("if Postgres refuses one payload, it is named, and no row is inserted") {
  const auto database = migrated_database();
  std::vector<Event> events;
  for (int i = 1; i <= 1200; ++i) events.push_back({"s", "{}", "line " + std::to_string(i)});
  // Valid JSON, but jsonb can't hold it.
  events[1100].payload_json = R"({"a":"\u0000"})";
  const auto error = error_of(database, events);
  CHECK(error.starts_with("line 1101: Postgres refuses the payload: unsupported Unicode escape sequence"));
  CHECK(database.scalar("SELECT count(*) FROM event_outbox") == "0");
  events[1100].origin.clear();
  CHECK(error_of(database, events).starts_with("event 1101: "));
}

TEST_CASE(
    "events for a stream that nothing can be published to, or with a NUL byte, are refused before anything is sent") {
  const auto database = migrated_database();
  CHECK(error_of(database, {{"s", "{}", ""}, {"", "{}", ""}}) == "event 2: stream name is empty");
  CHECK(error_of(database, {{"s\n", "{}", "line 7"}}) == "line 7: stream name has a control character in it");
  CHECK(error_of(database, {{std::string(4'097, 's'), "{}", ""}}).starts_with("event 1: stream name is 4097 bytes"));
  CHECK(error_of(database, {{std::string("a\0b", 3), "{}", ""}}).starts_with("event 1: holds a NUL byte"));
  CHECK(database.scalar("SELECT count(*) FROM event_outbox") == "0");
}

TEST_CASE("another table, in another schema, with a name that needs quotes") {
  const auto database = migrated_database();
  database.exec(
      R"(CREATE SCHEMA "My Schema"; CREATE TABLE "My Schema"."odd""name" (LIKE event_outbox INCLUDING ALL))");
  insert(database, {{"s", "{}", ""}}, R"(My Schema."odd""name")");
  CHECK(database.scalar(R"(SELECT count(*) FROM "My Schema"."odd""name")") == "1");
  CHECK(database.scalar("SELECT count(*) FROM event_outbox") == "0");
}

TEST_CASE("a table that is missing, isn't writable, or has other columns") {
  const auto database = migrated_database();
  CHECK(
      error_of(database, {{"s", "{}", ""}}, "none") ==
      "could not write to \"none\": relation \"none\" does not exist: create it with outboxd migrate, or name another"
      " table");
  CHECK(error_of(database, {{"s", "{}", ""}}, "caracal_outbox").find("the columns of event_outbox") !=
        std::string::npos);
  const auto role = "reader_" + database.name;
  database.exec("CREATE ROLE " + role + " LOGIN; GRANT SELECT ON event_outbox TO " + role);
  const auto connection = outboxd::postgres::open_connection(shared_postgres().conninfo(database.name, role));
  CHECK_THROWS_WITH_AS(insert_events(*connection, "event_outbox", {{"s", "{}", ""}}),
                       "could not write to \"event_outbox\": permission denied for table event_outbox: grant the role"
                       " INSERT on the table",
                       EnqueueError);
}
