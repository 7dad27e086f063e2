// SPDX-License-Identifier: Apache-2.0
// Single rows whose claim or settlement Postgres refuses, and their neighbours, which aren't delayed.
#include "postgres/pqxx_compat.hpp"
#include "support/http.hpp"
#include "support/outbox_table.hpp"
#include "support/wait.hpp"

#include <doctest/doctest.h>

#include <csignal>

using outboxd::test::contains;
using outboxd::test::contract_database;
using outboxd::test::count_rows;
using outboxd::test::create_contract_table;
using outboxd::test::Database;
using outboxd::test::http_get;
using outboxd::test::http_port;
using outboxd::test::insert_row;
using outboxd::test::insert_rows;
using outboxd::test::outboxd_environment;
using outboxd::test::PrivateRedis;
using outboxd::test::Rows;
using outboxd::test::shared_postgres;
using outboxd::test::start_outboxd;
using outboxd::test::wait_until;

namespace {

constexpr const char* kPublished = "dispatched_at IS NOT NULL";

/// A running daemon on a table, with a Redis of its own.
struct Daemon {
  explicit Daemon(const Database& table, const std::vector<std::string>& more = {}) : database{table} {
    std::vector<std::string> command{"run", "--http-listen", "127.0.0.1:0", "--poll-interval", "20ms"};
    command.insert(command.end(), more.begin(), more.end());
    outboxd = start_outboxd(command, outboxd_environment(database, redis));
    port = http_port(*outboxd);
    wait_until([&] { return http_get(port, "/readyz").status == 200; });
  }

  [[nodiscard]] std::int64_t entries() const { return redis.probe().xlen("stream"); }
  [[nodiscard]] bool counts(const std::string& sample) const {
    return contains(http_get(port, "/metrics").body, sample + "\n");
  }

  Database database;
  PrivateRedis redis;
  std::unique_ptr<outboxd::test::Child> outboxd;
  std::uint16_t port = 0;
};

/// A trigger before each UPDATE that refuses row a000002 if `condition` holds.
void object_to_a_row(const Database& database, const std::string& condition) {
  database.exec("CREATE FUNCTION object() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF OLD.id = 'a000002' AND " +
                condition +
                " THEN RAISE EXCEPTION 'not this row'; END IF; RETURN NEW; END $$; CREATE TRIGGER object BEFORE "
                "UPDATE ON event_outbox FOR EACH ROW EXECUTE FUNCTION object()");
}

void no_longer_object(const Database& database) {
  database.exec("DROP TRIGGER object ON event_outbox");
}

}  // namespace

TEST_CASE("a row that another session has locked at its settlement waits for the lock; no other row does") {
  const Daemon daemon{contract_database()};
  auto redis = daemon.redis.probe();
  // Redis answers after the row was locked.
  redis.command("CLIENT", "PAUSE", "60000", "WRITE");
  insert_rows(daemon.database, "a", "stream", 3);
  wait_until([&] { return count_rows(daemon.database, "locked_until IS NOT NULL") == 3; });
  const auto other = daemon.database.connect();
  pqxx::work transaction{*other};
  outboxd::postgres::exec(transaction, "SELECT FROM event_outbox WHERE id = 'a000002' FOR UPDATE");
  redis.command("CLIENT", "UNPAUSE");
  wait_until([&] { return count_rows(daemon.database, kPublished) == 2; });
  insert_rows(daemon.database, "b", "stream", 100);
  wait_until([&] { return count_rows(daemon.database, kPublished) == 102; });
  CHECK(http_get(daemon.port, "/readyz").status == 200);
  CHECK(contains(daemon.outboxd->err(), "row a000002: it can't be settled"));
  transaction.commit();
  wait_until([&] { return count_rows(daemon.database, kPublished) == 103; });
  CHECK(daemon.entries() == 103);
  CHECK(daemon.counts("outboxd_leases_lost_total{dispatcher=\"outbox\"} 0"));
  CHECK(daemon.counts("outboxd_rows_refused_by_postgres_total{dispatcher=\"outbox\"} 1"));
}

TEST_CASE("a row whose outcome a trigger refuses is settled when it no longer does; the rest of its batch at once") {
  const Daemon daemon{contract_database()};
  object_to_a_row(daemon.database, "NEW.dispatched_at IS NOT NULL");
  insert_rows(daemon.database, "a", "stream", 20);
  wait_until([&] { return count_rows(daemon.database, kPublished) == 19; });
  CHECK(contains(daemon.outboxd->err(), "row a000002: it can't be settled: P0001 (raise_exception)"));
  no_longer_object(daemon.database);
  wait_until([&] { return count_rows(daemon.database, kPublished) == 20; });
  CHECK(daemon.entries() == 20);
}

TEST_CASE("a row that is sent alone holds up no other either, if its outcome is refused") {
  const Daemon daemon{contract_database()};
  object_to_a_row(daemon.database, "NEW.dispatched_at IS NOT NULL");
  daemon.database.exec(
      "INSERT INTO event_outbox (id, stream_name, payload_json, attempts, locked_by, locked_until)"
      " VALUES ('a000002', 'stream', '{}', 2, 'gone', now() - interval '1 s')");
  wait_until([&] { return daemon.entries() == 1; });
  for (int i = 1; i <= 3; ++i) {
    insert_rows(daemon.database, "b" + std::to_string(i) + "-", "stream", 10);
    wait_until([&] { return count_rows(daemon.database, kPublished) == 10 * i; });
  }
}

TEST_CASE("a row whose claim a trigger refuses is quarantined, and claimed when it no longer does") {
  const Daemon daemon{contract_database()};
  object_to_a_row(daemon.database, "NEW.locked_by IS DISTINCT FROM OLD.locked_by");
  insert_rows(daemon.database, "a", "stream", 50);
  wait_until([&] { return count_rows(daemon.database, kPublished) == 49; });
  CHECK(contains(daemon.outboxd->err(), "row a000002: it can't be claimed: P0001 (raise_exception)"));
  CHECK(count_rows(daemon.database, "id = 'a000002' AND attempts = 0 AND locked_until IS NULL") == 1);
  no_longer_object(daemon.database);
  wait_until([&] { return count_rows(daemon.database, kPublished) == 50; });
  CHECK(daemon.entries() == 50);
}

TEST_CASE("a row that must be claimed alone, and whose claim is refused, is quarantined as well") {
  const Daemon daemon{contract_database()};
  object_to_a_row(daemon.database, "NEW.locked_by IS DISTINCT FROM OLD.locked_by");
  daemon.database.exec(
      "INSERT INTO event_outbox (id, stream_name, payload_json, attempts, locked_by, locked_until)"
      " VALUES ('a000002', 'stream', '{}', 2, 'gone', now() - interval '1 s')");
  // While no other row is due, nothing shows that the table accepts writes.
  // Some of these claims are a while apart.
  wait_until([&] { return http_get(daemon.port, "/readyz").status == 503; }, std::chrono::seconds(60));
  insert_rows(daemon.database, "b", "stream", 100);
  wait_until([&] { return count_rows(daemon.database, kPublished) == 100; });
  wait_until(
      [&] { return contains(daemon.outboxd->err(), "row a000002: it can't be claimed: P0001 (raise_exception)"); });
  wait_until([&] { return http_get(daemon.port, "/readyz").status == 200; });
  CHECK(count_rows(daemon.database, "id = 'a000002' AND attempts = 2") == 1);
  no_longer_object(daemon.database);
  // It is retried less often the longer it was refused.
  wait_until([&] { return count_rows(daemon.database, kPublished) == 101; }, std::chrono::seconds(90));
}

TEST_CASE("a trigger that refuses every row is an outage, and costs no attempts") {
  const Daemon daemon{contract_database(), {"--batch", "4"}};
  daemon.database.exec(
      "CREATE FUNCTION object() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no row at all'; END $$;"
      " CREATE TRIGGER object BEFORE UPDATE ON event_outbox FOR EACH ROW EXECUTE FUNCTION object()");
  insert_rows(daemon.database, "a", "stream", 50);
  wait_until([&] {
    const auto ready = http_get(daemon.port, "/readyz");
    return ready.status == 503 && contains(ready.body, "P0001 (raise_exception)");
  });
  CHECK(count_rows(daemon.database, "attempts = 0") == 50);
  no_longer_object(daemon.database);
  wait_until([&] { return count_rows(daemon.database, kPublished) == 50; });
  CHECK(count_rows(daemon.database, "attempts = 1") == 50);
  CHECK(daemon.entries() == 50);
}

TEST_CASE("a row that can't be read is dead with the reason, and its neighbours are published") {
  const auto admin = contract_database().connect();
  pqxx::nontransaction session{*admin};
  outboxd::postgres::exec(session, "CREATE DATABASE windows ENCODING 'WIN1252' LOCALE 'C' TEMPLATE template0");
  const Database database{"windows", shared_postgres().url("windows"), shared_postgres().conninfo("windows")};
  create_contract_table(database);
  const Daemon daemon{database};
  // A byte of a Windows code page that has no Unicode character.
  database.exec(
      "SET client_encoding = 'WIN1252'; INSERT INTO event_outbox (id, stream_name, payload_json) VALUES"
      " ('a', 'stream', '{\"n\":1}'), ('b', 'stream', jsonb_build_object('n', chr(129))),"
      " ('c', 'stream', '{\"n\":3}')");
  wait_until([&] { return count_rows(database, kPublished) == 2; });
  wait_until([&] { return count_rows(database, "available_at = 'infinity'") == 1; });
  CHECK(contains(database.scalar("SELECT last_error FROM event_outbox WHERE id = 'b'"),
                 "it can't be read: character with byte sequence 0x81"));
  CHECK(daemon.entries() == 2);
  CHECK(daemon.counts("outboxd_dead_total{dispatcher=\"outbox\"} 1"));
  CHECK(daemon.counts("outboxd_claimed_total{dispatcher=\"outbox\"} 3"));
  CHECK(contains(daemon.outboxd->err(), "row b is dead (it can't be read"));
  insert_row(database, "d", "stream", R"({"n":4})");
  wait_until([&] { return count_rows(database, kPublished) == 3; });
}

TEST_CASE("rows are published although a trigger resets the number of attempts") {
  const Daemon daemon{contract_database()};
  daemon.database.exec(
      "ALTER TABLE event_outbox ALTER attempts DROP NOT NULL;"
      " CREATE FUNCTION forget() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.attempts := NULL; RETURN NEW; END "
      "$$;"
      " CREATE TRIGGER forget BEFORE UPDATE ON event_outbox FOR EACH ROW EXECUTE FUNCTION forget()");
  insert_rows(daemon.database, "a", "stream", 3);
  wait_until([&] { return count_rows(daemon.database, kPublished) == 3; });
}

TEST_CASE("a lock on the whole table isn't attributed to a row: the claim waits, and no row is quarantined") {
  const Daemon daemon{contract_database()};
  daemon.outboxd->signal(SIGSTOP);
  insert_rows(daemon.database, "a", "stream", 3);
  const auto other = daemon.database.connect();
  pqxx::work transaction{*other};
  outboxd::postgres::exec(transaction, "LOCK TABLE event_outbox IN SHARE ROW EXCLUSIVE MODE");
  daemon.outboxd->signal(SIGCONT);
  const auto waits =
      "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
      " AND now() - query_start > interval '1 s'";
  wait_until([&] { return daemon.database.scalar(waits) != "0"; });
  transaction.commit();
  wait_until([&] { return count_rows(daemon.database, kPublished) == 3; });
  CHECK(!contains(daemon.outboxd->err(), "can't be claimed"));
}
