// SPDX-License-Identifier: Apache-2.0
// Old published rows are removed: by a daemon with a retention, and by `outboxd prune`.
#include "support/caracal_table.hpp"
#include "support/http.hpp"
#include "support/outbox_table.hpp"
#include "support/wait.hpp"

#include <doctest/doctest.h>

using namespace outboxd::test;  // NOLINT(google-build-using-namespace): nearly all of the harness is used here

namespace {

/// 2,500 rows that were published eight days ago, ten that were published yesterday although they are older, and two
/// that died long ago.
Database database_with_old_rows() {
  auto database = contract_database();
  const auto stream = new_stream();
  insert_rows(database, "old", stream, 2'500);
  insert_rows(database, "recent", stream, 10);
  insert_rows(database, "dead", stream, 2);
  database.exec(
      "UPDATE event_outbox SET created_at = now() - interval '9 days', attempts = 1,"
      " dispatched_at = now() - CASE WHEN id LIKE 'old%' THEN interval '8 days' ELSE interval '1 day' END;"
      "UPDATE event_outbox SET dispatched_at = NULL, available_at = 'infinity' WHERE id LIKE 'dead%'");
  return database;
}

std::int64_t left(const Database& database, const std::string& prefix) {
  return count_rows(database, "id LIKE '" + prefix + "%'");
}

/// The environment of a role with these rights on the table.
Environment as_role_with(const std::string& rights, const Database& database) {
  const auto role = "pruner_" + database.name;
  database.exec("CREATE ROLE " + role + " LOGIN; GRANT " + rights + " ON event_outbox TO " + role);
  return with(outboxd_environment(database), {{"DATABASE_URL", shared_postgres().url(database.name, role)}});
}

}  // namespace

TEST_CASE("a daemon with a retention removes old published rows, and no others") {
  const auto database = database_with_old_rows();
  database.exec(
      "CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'kept'; END $$;"
      "CREATE TRIGGER keep BEFORE DELETE ON event_outbox FOR EACH ROW WHEN (OLD.id = 'old000007') EXECUTE FUNCTION "
      "keep()");
  const auto outboxd = start_outboxd({"run", "--http-listen", "127.0.0.1:0", "--retention", "7d"},
                                     as_role_with("SELECT, UPDATE, DELETE", database));
  const auto port = http_port(*outboxd);
  wait_until([&] { return contains(outboxd->err(), "removed 2499 old published row(s)"); });
  CHECK(left(database, "old") == 1);
  CHECK(left(database, "recent") == 10);
  CHECK(left(database, "dead") == 2);
  CHECK(contains(outboxd->err(), "published row old000007 can't be removed: "));
  CHECK(contains(http_get(port, "/metrics").body, "outboxd_pruned_total{dispatcher=\"outbox\"} 2499\n"));
}

TEST_CASE("without the right to remove rows the daemon says so, and goes on publishing") {
  const auto database = database_with_old_rows();
  const auto outboxd = start_outboxd({"run", "--retention", "7d"}, as_role_with("SELECT, UPDATE", database));
  wait_until([&] { return contains(outboxd->err(), "dispatcher.retention needs the rights UPDATE and DELETE"); });
  insert_rows(database, "new", new_stream(), 10);
  wait_until([&] { return count_rows(database, "id LIKE 'new%' AND dispatched_at IS NOT NULL") == 10; });
  CHECK(left(database, "old") == 2'500);
}

TEST_CASE("prune removes old published rows by hand, but none while rows are overdue") {
  const auto database = database_with_old_rows();
  const auto prune = [&](const Environment& environment, std::vector<std::string> flags) {
    flags.insert(flags.begin(), {"prune", "--older-than", "7d"});
    return run_outboxd(flags, environment);
  };
  const auto reader = prune(as_role_with("SELECT", database), {"--dry-run"});
  CHECK(reader.status == 0);
  CHECK(reader.out == "outbox: would remove 2500 row(s) of event_outbox that were published more than 7d ago\n");
  const auto forbidden =
      prune(with(outboxd_environment(database),
                 {{"DATABASE_URL", shared_postgres().url(database.name, "pruner_" + database.name)}}),
            {});
  CHECK(forbidden.status == 2);
  CHECK(contains(forbidden.err, "GRANT UPDATE, DELETE"));
  const auto environment = outboxd_environment(database);

  insert_row(database, "waits", new_stream(), "{}");
  database.exec(
      "UPDATE event_outbox SET available_at = now() - interval '1 minute', created_at = now() - interval '1 minute'"
      " WHERE id = 'waits'");
  const auto overdue = prune(environment, {});
  CHECK(overdue.status == 1);
  CHECK(contains(overdue.err, "rows are overdue, so no old ones are removed"));
  CHECK(occurrences(overdue.err, "have been due for more than 10s; waiting up to 2s to see whether they are") == 1);
  CHECK(left(database, "old") == 2'500);

  // A row that was only inserted with an old time is none.
  database.exec("UPDATE event_outbox SET created_at = now() WHERE id = 'waits'");
  const auto done = prune(environment, {});
  CHECK(done.status == 0);
  CHECK(done.out == "outbox: removed 2500 row(s) of event_outbox that were published more than 7d ago\n");
  CHECK(count_rows(database) == 13);
}

TEST_CASE("nothing is removed while a daemon works off a backlog, whose first rows are others at each look") {
  const auto database = database_with_old_rows();
  insert_rows(database, "late", new_stream(), 40'000);
  database.exec(
      "UPDATE event_outbox SET created_at = now() - interval '1 hour',"
      " available_at = now() - interval '1 hour' + substr(id, 5)::int * interval '1 millisecond'"
      " WHERE id LIKE 'late%'");
  const auto published = [&] { return count_rows(database, "id LIKE 'late%' AND dispatched_at IS NOT NULL"); };
  const auto outboxd = start_outboxd({"run", "--max-rate", "1500"}, outboxd_environment(database));
  wait_until([&] { return published() > 0; });
  const auto overdue = run_outboxd({"prune", "--older-than", "7d"}, outboxd_environment(database));
  REQUIRE(published() < 40'000);
  CHECK(overdue.status == 1);
  CHECK(contains(overdue.err, "rows are overdue, so no old ones are removed"));
  CHECK(left(database, "old") == 2'500);
}

TEST_CASE("pruning leaves rows that share an id or a place with an old row") {
  const auto database = contract_database();
  // As when a table is partitioned while others use it.
  database.exec(
      "ALTER TABLE event_outbox DROP CONSTRAINT event_outbox_pkey; ALTER TABLE event_outbox RENAME TO event_outbox_1;"
      "CREATE TABLE event_outbox (LIKE event_outbox_1 INCLUDING DEFAULTS) PARTITION BY RANGE (created_at);"
      "ALTER TABLE event_outbox ATTACH PARTITION event_outbox_1 FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');"
      "CREATE TABLE event_outbox_2 PARTITION OF event_outbox FOR VALUES FROM ('2021-01-01') TO ('2100-01-01');"
      "INSERT INTO event_outbox (id, stream_name, payload_json, created_at, dispatched_at, available_at) VALUES"
      " ('same', 's', '{}', '2020-06-01', '2020-06-01', '2020-06-01'), ('same', 's', '{}', '2022-06-01', NULL, "
      "'infinity')");
  const auto done = run_outboxd({"prune", "--older-than", "7d"}, outboxd_environment(database));
  CHECK(done.status == 0);
  CHECK(database.rows("SELECT id, dispatched_at FROM event_outbox") == Rows{{"same", "NULL"}});
}

TEST_CASE("a pass ends when Postgres refuses to remove any row") {
  const auto database = database_with_old_rows();
  database.exec(
      "CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'kept'; END $$;"
      "CREATE TRIGGER keep BEFORE DELETE ON event_outbox FOR EACH ROW EXECUTE FUNCTION keep()");
  const auto ended = run_outboxd({"prune", "--older-than", "7d"}, outboxd_environment(database));
  CHECK(ended.status == 1);
  CHECK(occurrences(ended.err, "can't be removed: ") == 10);
  CHECK(contains(ended.err, "Postgres refuses to remove any row"));
  CHECK(left(database, "old") == 2'500);
}

TEST_CASE("only one daemon removes rows at a time") {
  const auto database = database_with_old_rows();
  const auto holder = database.connect();
  pqxx::nontransaction work{*holder};
  work.exec("SELECT pg_advisory_lock(hashtextextended('\"public\".\"event_outbox\"', 7231))");
  const auto outboxd = start_outboxd({"run", "--retention", "7d"}, outboxd_environment(database));
  insert_rows(database, "new", new_stream(), 10);
  wait_until([&] { return count_rows(database, "id LIKE 'new%' AND dispatched_at IS NOT NULL") == 10; });
  CHECK(left(database, "old") == 2'500);
}

TEST_CASE("prune also works on the Coordinator's table, and refuses what it can't do") {
  const auto database = caracal_database();
  insert_caracal_rows(database, "old", "topic", 30);
  insert_caracal_rows(database, "dead", "topic", 3);
  database.exec(
      "UPDATE caracal_outbox SET status = CASE WHEN id LIKE 'old%' THEN 'published' ELSE 'dead' END,"
      " published_at = now() - interval '8 days'");
  const auto run = [&](const std::vector<std::string>& words) {
    return run_outboxd(for_caracal_table(words), outboxd_environment(database));
  };
  CHECK(run({"prune"}).status == 2);
  CHECK(run({"prune", "--older-than", "7"}).status == 2);
  CHECK(run({"prune", "--older-than", "7d"}).status == 0);
  CHECK(count_caracal_rows(database) == 3);
}
