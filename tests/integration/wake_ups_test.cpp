// SPDX-License-Identifier: Apache-2.0
// Commits that wake an idle dispatcher. Polls are so far apart that they can't have found the rows in time.
#include "support/http.hpp"
#include "support/outbox_table.hpp"
#include "support/wait.hpp"

#include <doctest/doctest.h>

#include <csignal>
#include <thread>

using outboxd::test::Child;
using outboxd::test::contains;
using outboxd::test::contract_database;
using outboxd::test::count_rows;
using outboxd::test::Database;
using outboxd::test::http_get;
using outboxd::test::http_port;
using outboxd::test::insert_row;
using outboxd::test::new_stream;
using outboxd::test::outboxd_environment;
using outboxd::test::run_outboxd;
using outboxd::test::shared_redis;
using outboxd::test::start_outboxd;
using outboxd::test::wait_until;
using outboxd::test::with;

namespace {

/// Much longer than any wait in these tests.
const std::vector<std::string> kRun{"run", "--poll-interval", "10m"};

void migrate(const Database& database) {
  const auto migrated = run_outboxd({"migrate", "--wake-ups"}, outboxd_environment(database));
  REQUIRE_MESSAGE(migrated.status == 0, migrated.err);
  REQUIRE(contains(migrated.out, "0003_wake_ups: applied"));
}

Database database_with_wake_ups() {
  auto database = contract_database();
  migrate(database);
  return database;
}

std::string lock_of(const std::string& table) {
  return "classid = 1869968482 AND objid = '" + table + "'::regclass";
}

/// Waits until the dispatcher sleeps until the next commit.
bool is_asleep(const Database& database, const std::string& lock = lock_of("event_outbox")) {
  return database.scalar("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND " + lock +
                         " AND mode = 'ExclusiveLock' AND granted") == "1";
}

void wait_until_asleep(const Database& database, const std::string& lock = lock_of("event_outbox")) {
  wait_until([&] { return is_asleep(database, lock); }, std::chrono::seconds(20),
             "the dispatcher to have nothing to do");
}

void wait_until_published(const Database& database, std::int64_t rows) {
  wait_until([&] { return count_rows(database, "dispatched_at IS NOT NULL") >= rows; }, std::chrono::seconds(20),
             std::to_string(rows) + " rows to be published");
}

}  // namespace

TEST_CASE("a commit wakes a dispatcher whose next poll is far away, again and again") {
  const auto database = database_with_wake_ups();
  const auto stream = new_stream();
  const auto outboxd =
      start_outboxd(kRun, with(outboxd_environment(database), {{"OUTBOXD_HTTP_LISTEN", "127.0.0.1:0"}}));
  for (int i = 1; i <= 5; ++i) {
    wait_until_asleep(database);
    insert_row(database, "row-" + std::to_string(i), stream, "{}");
    wait_until_published(database, i);
  }
  CHECK(shared_redis().probe().xlen(stream) == 5);
  CHECK(count_rows(database, "attempts <> 1") == 0);
  const auto metrics = http_get(http_port(*outboxd), "/metrics").body;
  CHECK(contains(metrics, "outboxd_has_wake_ups{dispatcher=\"outbox\"} 1\n"));
  CHECK(contains(metrics, "outboxd_wake_ups_total{dispatcher=\"outbox\"} 5\n"));
  CHECK(contains(outboxd->err(), "commits wake it"));
}

TEST_CASE("many commits at once are all found, and commits don't notify while the dispatcher is busy") {
  const auto database = database_with_wake_ups();
  const auto outboxd = start_outboxd(kRun, outboxd_environment(database));
  wait_until_asleep(database);
  constexpr int kWriters = 4;
  constexpr int kRows = 250;
  std::vector<std::thread> writers;
  for (int writer = 0; writer < kWriters; ++writer) {
    writers.emplace_back([&database, writer] {
      const auto connection = database.connect();
      for (int i = 0; i < kRows; ++i) {
        pqxx::work transaction(*connection);
        transaction.exec("INSERT INTO event_outbox (id, stream_name, payload_json) VALUES ('" +
                         std::to_string(writer) + "-" + std::to_string(i) + "', 's', '{}')");
        transaction.commit();
      }
    });
  }
  for (auto& writer : writers) writer.join();
  wait_until_published(database, kWriters * kRows);
  wait_until_asleep(database);
}

TEST_CASE("a transaction that began to write before the dispatcher slept is not missed") {
  const auto database = database_with_wake_ups();
  const auto writer = database.connect();
  pqxx::work transaction(*writer);
  transaction.exec("INSERT INTO event_outbox (id, stream_name, payload_json) VALUES ('late', 's', '{}')");
  // With short polls, as it can't be notified.
  const auto outboxd = start_outboxd({"run", "--poll-interval", "100ms"}, outboxd_environment(database));
  insert_row(database, "soon", "s", "{}");
  wait_until_published(database, 1);
  CHECK_FALSE(is_asleep(database));
  transaction.commit();
  wait_until_published(database, 2);
  wait_until_asleep(database);
}

TEST_CASE("a lost connection is noticed, and wake-ups work again with the next one") {
  const auto database = database_with_wake_ups();
  const auto outboxd = start_outboxd(kRun, outboxd_environment(database));
  wait_until_asleep(database);
  database.exec(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> "
      "pg_backend_pid()");
  insert_row(database, "meanwhile", "s", "{}");
  wait_until_published(database, 1);
  wait_until_asleep(database);
  insert_row(database, "afterwards", "s", "{}");
  wait_until_published(database, 2);
}

TEST_CASE("if several dispatchers share a table, each is woken by its own rows") {
  const auto database = database_with_wake_ups();
  const auto first =
      start_outboxd({"run", "--poll-interval", "10m", "--streams", "a"}, outboxd_environment(database));
  const auto second =
      start_outboxd({"run", "--poll-interval", "10m", "--streams", "b"}, outboxd_environment(database));
  for (const auto* outboxd : {first.get(), second.get()}) {
    wait_until([&] { return contains(outboxd->err(), "commits wake it"); });
  }
  for (int i = 1; i <= 3; ++i) {
    wait_until_asleep(database);
    insert_row(database, "a" + std::to_string(i), "a", "{}");
    insert_row(database, "b" + std::to_string(i), "b", "{}");
    wait_until_published(database, 2 * i);
  }
}

TEST_CASE("caracal_outbox has wake-ups as well") {
  const auto database = database_with_wake_ups();
  const auto outboxd =
      start_outboxd({"run", "--layout", "caracal_outbox", "--poll-interval", "10m"}, outboxd_environment(database));
  wait_until_asleep(database, lock_of("caracal_outbox"));
  database.exec(
      "INSERT INTO caracal_outbox (id, producer, topic, dedupe_key, payload_json) VALUES ('1', 'coordinator', 't', "
      "'d', '{}')");
  wait_until([&] { return database.scalar("SELECT status FROM caracal_outbox") == "published"; });
}

TEST_CASE("the trigger of the wake-ups is created and dropped under a running dispatcher") {
  const auto database = contract_database();
  const auto outboxd = start_outboxd({"run", "--poll-interval", "100ms"}, outboxd_environment(database));
  wait_until([&] { return contains(outboxd->err(), "finds rows by polling alone"); });
  migrate(database);
  wait_until_asleep(database);
  wait_until([&] { return contains(outboxd->err(), "commits wake it"); });
  const auto reverted = run_outboxd({"migrate", "--revert", "3"}, outboxd_environment(database));
  REQUIRE_MESSAGE(reverted.status == 0, reverted.err);
  CHECK(database.scalar("SELECT count(*) FROM pg_proc WHERE proname = 'outboxd_wake_up'") == "0");
  insert_row(database, "1", "s", "{}");
  wait_until_published(database, 1);
  wait_until([&] { return outboxd::test::occurrences(outboxd->err(), "finds rows by polling alone") == 2; });
}

TEST_CASE("a table of another name has wake-ups with a lock of any number") {
  const auto database = database_with_wake_ups();
  database.exec("CREATE TABLE my_outbox (LIKE event_outbox INCLUDING ALL)");
  // As in deploy/README.md; Postgres prints small and large numbers differently.
  const auto give_trigger = [&](const std::string& number) {
    database.exec(
        "DROP TRIGGER IF EXISTS outboxd_wake_up ON my_outbox; CREATE TRIGGER outboxd_wake_up AFTER INSERT ON "
        "my_outbox FOR EACH STATEMENT WHEN (NOT pg_try_advisory_xact_lock_shared(" +
        number + ")) EXECUTE FUNCTION outboxd_wake_up()");
  };
  const std::string small = "classid = 0 AND objid = 4711";
  const std::string large = "classid = 4 AND objid = 2820130817";
  const auto start = [&](const std::string& poll_interval) {
    return start_outboxd({"run", "--table", "my_outbox", "--poll-interval", poll_interval},
                         outboxd_environment(database));
  };
  give_trigger("4711");
  {
    const auto outboxd = start("10m");
    wait_until_asleep(database, small);
    database.exec("INSERT INTO my_outbox (id, stream_name, payload_json) VALUES ('1', 's', '{}')");
    wait_until([&] { return database.scalar("SELECT count(dispatched_at) FROM my_outbox") == "1"; });
  }
  const auto outboxd = start("100ms");
  wait_until_asleep(database, small);
  give_trigger("20000000001");
  wait_until_asleep(database, large);
  CHECK_FALSE(is_asleep(database, small));
}
