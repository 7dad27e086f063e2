// SPDX-License-Identifier: Apache-2.0
// Beside a held snapshot: claims begin at a mark, and rows that appear below the mark are found nevertheless.
#include "postgres/pqxx_compat.hpp"
#include "support/caracal_table.hpp"
#include "support/fault_proxy.hpp"
#include "support/http.hpp"
#include "support/outbox_table.hpp"
#include "support/wait.hpp"

#include <doctest/doctest.h>

#include <memory>

using outboxd::test::contains;
using outboxd::test::contract_database;
using outboxd::test::count_rows;
using outboxd::test::Database;
using outboxd::test::insert_row;
using outboxd::test::outboxd_environment;
using outboxd::test::start_outboxd;
using outboxd::test::wait_until;

namespace {

constexpr int kPublished = 150'000;

/// A session whose snapshot keeps all row versions that die from now on.
class Holder {
 public:
  explicit Holder(const Database& database) : connection_{database.connect()}, session_{*connection_} {
    outboxd::postgres::exec(session_, "BEGIN ISOLATION LEVEL REPEATABLE READ");
    pid_ = outboxd::postgres::text_of(
        outboxd::postgres::exec(session_, "SELECT pg_backend_pid() FROM pg_class LIMIT 1")[0][0]);
  }
  [[nodiscard]] const std::string& pid() const { return pid_; }

 private:
  std::unique_ptr<pqxx::connection> connection_;
  pqxx::nontransaction session_;
  std::string pid_;
};

void wait_for(const Database& database, const std::string& which, int rows, const std::string& published) {
  wait_until(
      [&] { return database.scalar("SELECT count(*) FROM " + which + " AND " + published) == std::to_string(rows); },
      std::chrono::seconds(60), which + " to be published");
}

}  // namespace

TEST_CASE("event_outbox: rows below the mark are found, and the snapshot's holder is named") {
  const auto database = contract_database();
  outboxd::test::insert_rows(database, "p", "s", kPublished);
  const Holder holder{database};
  database.exec("UPDATE event_outbox SET dispatched_at = now()");
  const auto outboxd = start_outboxd({"run", "--poll-interval", "20ms"}, outboxd_environment(database));
  wait_until([&] { return contains(outboxd->err(), "look through the table's index takes"); },
             std::chrono::seconds(60), "the log to say that looks are slow");
  CHECK(contains(outboxd->err(), "session pid " + holder.pid()));
  const auto wait = [&](const std::string& ids, int rows) {
    wait_for(database, "event_outbox WHERE id LIKE '" + ids + "'", rows, "dispatched_at IS NOT NULL");
  };
  insert_row(database, "new", "s", "{}");
  wait("new", 1);
  // One as of a transaction that began long ago, one as of a transaction that began a moment ago.
  for (const std::string age : {"1 day", "5 seconds"}) {
    database.exec("INSERT INTO event_outbox (id, stream_name, payload_json, available_at) VALUES ('late " + age +
                  "', 's', '{}', now() - interval '" + age + "')");
    wait("late " + age, 1);
  }
  // One was released by another dispatcher, one was left by a dispatcher whose lease has ended.
  database.exec(
      "INSERT INTO event_outbox (id, stream_name, payload_json, available_at, locked_by, locked_until) VALUES "
      "('left', 's', '{}', now() - interval '1 hour', 'another', now() + interval '3 seconds'), "
      "('kept', 's', '{}', now() - interval '1 hour', 'another', now() + interval '1 hour')");
  wait("left", 1);
  database.exec("UPDATE event_outbox SET locked_by = NULL, locked_until = NULL WHERE id = 'kept'");
  wait("kept", 1);
  // More rows than one sweep hands over.
  database.exec(
      "INSERT INTO event_outbox (id, stream_name, payload_json, available_at) SELECT 'many ' || n, 's', '{}', now() "
      "- "
      "n * interval '1 second' FROM generate_series(1, 3000) AS n");
  wait("many %", 3000);
}

TEST_CASE("event_outbox: a dead worker's rows are freed beside a held snapshot, and --once misses no row") {
  const auto database = contract_database();
  outboxd::test::insert_rows(database, "p", "s", kPublished);
  const Holder holder{database};
  database.exec("UPDATE event_outbox SET dispatched_at = now()");
  {
    const auto outboxd = start_outboxd({"run", "--poll-interval", "20ms"}, outboxd_environment(database));
    wait_until([&] { return contains(outboxd->err(), "look through the table's index takes"); },
               std::chrono::seconds(60), "the log to say that looks are slow");
    database.exec(
        "INSERT INTO event_outbox (id, stream_name, payload_json, attempts, available_at, locked_by, locked_until) "
        "VALUES ('of the dead', 's', '{}', 1, now() - interval '1 hour', 'outboxd:host:1:nobody', now() + interval "
        "'1 "
        "hour')");
    wait_for(database, "event_outbox WHERE id = 'of the dead'", 1, "dispatched_at IS NOT NULL");
  }
  database.exec(
      "INSERT INTO event_outbox (id, stream_name, payload_json, available_at) SELECT 'once ' || n, 's', '{}', now() "
      "- "
      "n * interval '1 second' FROM generate_series(1, 5000) AS n");
  CHECK(outboxd::test::run_outboxd({"--once"}, outboxd_environment(database)).status == 0);
  CHECK(count_rows(database, "dispatched_at IS NULL") == 0);
}

TEST_CASE("caracal_outbox: rows below the mark are found") {
  const auto database = outboxd::test::caracal_database();
  outboxd::test::insert_caracal_rows(database, "p", "s", kPublished);
  const Holder holder{database};
  database.exec("UPDATE caracal_outbox SET status = 'published', published_at = now()");
  const auto outboxd =
      start_outboxd({"run", "--layout", "caracal_outbox", "--poll-interval", "20ms"}, outboxd_environment(database));
  wait_until([&] { return contains(outboxd->err(), "look through the table's index takes"); },
             std::chrono::seconds(60), "the log to say that looks are slow");
  CHECK(contains(outboxd->err(), "session pid " + holder.pid()));
  database.exec(
      "INSERT INTO caracal_outbox (id, producer, topic, dedupe_key, payload_json, available_at) SELECT 'late ' || n, "
      "'coordinator', 't', n::text, '{}', now() - n * interval '1 hour' FROM generate_series(1, 3) AS n");
  wait_for(database, "caracal_outbox WHERE id LIKE 'late %'", 3, "status = 'published'");
  database.exec(
      "INSERT INTO caracal_outbox (id, producer, topic, dedupe_key, payload_json, available_at) SELECT 'many ' || n, "
      "'coordinator', 't', 'm' || n, '{}', now() - n * interval '1 second' FROM generate_series(1, 3000) AS n");
  wait_for(database, "caracal_outbox WHERE id LIKE 'many %'", 3000, "status = 'published'");
}

TEST_CASE("a slow network to Postgres is not taken for an index full of dead entries") {
  const auto database = contract_database();
  outboxd::test::FaultProxy proxy(outboxd::test::shared_postgres().port());
  proxy.delay(std::chrono::milliseconds(15));
  auto environment = outboxd_environment(database);
  environment["DATABASE_URL"] =
      "postgresql://postgres@127.0.0.1:" + std::to_string(proxy.port()) + "/" + database.name;
  const auto outboxd = start_outboxd({"run", "--http-listen", "127.0.0.1:0", "--poll-interval", "20ms"}, environment);
  const auto port = outboxd::test::http_port(*outboxd);
  const auto metrics = [port] { return outboxd::test::http_get(port, "/metrics").body; };
  insert_row(database, "a", "s", "{}");
  wait_for(database, "event_outbox WHERE id = 'a'", 1, "dispatched_at IS NOT NULL");
  // At least five seconds, in which there are six checks.
  wait_until([&] {
    const auto page = metrics();
    const std::string series = "outboxd_claim_seconds_count{dispatcher=\"outbox\"} ";
    const auto at = page.find(series);
    return at != std::string::npos && std::stoi(page.substr(at + series.size())) >= 100;
  });
  CHECK(contains(metrics(), "outboxd_slow_look_seconds{dispatcher=\"outbox\"} 0\n"));
  CHECK_FALSE(contains(outboxd->err(), "look through the table's index takes"));
}

TEST_CASE("a dispatcher of some streams logs that the stream index is missing, and finds a new one") {
  const auto database = contract_database();
  const auto said = [&](const std::vector<std::string>& arguments) {
    const auto ended = outboxd::test::run_outboxd(arguments, outboxd_environment(database));
    CHECK(ended.status == 0);
    return contains(ended.err, "outboxd migrate --stream-index");
  };
  CHECK(said({"--once", "--streams", "ours"}));
  CHECK(said({"--once", "--streams", "ours,and more"}));
  CHECK_FALSE(said({"--once"}));
  const auto migrated = outboxd::test::run_outboxd({"migrate", "--stream-index"}, outboxd_environment(database));
  REQUIRE_MESSAGE(migrated.status == 0, migrated.err);
  CHECK_FALSE(said({"--once", "--streams", "ours"}));
  CHECK_FALSE(said({"--once", "--streams", "ours,and more"}));
}
