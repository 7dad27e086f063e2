// SPDX-License-Identifier: Apache-2.0
// A role that may only connect reads the keys of our advisory locks in pg_locks and waits for each of these locks.
#include "postgres/pqxx_compat.hpp"
#include "support/caracal_table.hpp"
#include "support/published.hpp"
#include "support/wait.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <set>
#include <thread>

using namespace outboxd::test;  // NOLINT(google-build-using-namespace): nearly all of the harness is used here

namespace {

/// Finds each advisory lock of other sessions as soon as it exists, and waits for it in exclusive mode for ever.
class Stranger {
 public:
  explicit Stranger(const Database& database)
      : database_(database), role_("stranger_" + database.name), url_(shared_postgres().url(database.name, role_)) {
    database.exec("CREATE ROLE " + role_ + " LOGIN");
    looks_ = std::thread([this] { look(); });
  }
  Stranger(const Stranger&) = delete;
  Stranger& operator=(const Stranger&) = delete;
  ~Stranger() {
    over_ = true;
    looks_.join();
    end_sessions();
    for (auto& thread : queues_) thread.join();
  }

  [[nodiscard]] bool waits() const {
    return database_.scalar("SELECT count(*) > 0 FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE usename = '" +
                            role_ + "' AND locktype = 'advisory'") == "t";
  }

 private:
  void look() {
    const Database as_stranger{database_.name, url_, url_};
    const auto session = as_stranger.connect();
    std::set<std::string> seen;
    while (!over_) {
      pqxx::nontransaction work(*session);
      for (const auto& row :
           outboxd::postgres::exec(work,
                                   "SELECT (classid::bigint << 32) | objid::bigint FROM pg_locks WHERE locktype = "
                                   "'advisory' AND granted AND pid <> pg_backend_pid()")) {
        const std::string key = row[0].c_str();
        if (seen.insert(key).second) queues_.emplace_back([url = url_, key] { queue(url, key); });
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }

  static void queue(const std::string& url, const std::string& key) {
    try {
      const auto session = outboxd::postgres::open_connection(url);
      pqxx::nontransaction work(*session);
      outboxd::postgres::exec(work, "SELECT pg_advisory_lock(" + key + ")");
      outboxd::postgres::exec(work, "SELECT pg_sleep(600)");
    } catch (const std::exception&) {
      return;  // ended with the test
    }
  }

  void end_sessions() const {
    database_.exec("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '" + role_ + "'");
  }

  const Database& database_;
  std::string role_;
  std::string url_;
  std::atomic<bool> over_ = false;
  std::vector<std::thread> queues_;
  std::thread looks_;
};

void end_our_sessions(const Database& database) {
  database.exec(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND "
      "application_name = 'outboxd'");
}

}  // namespace

TEST_CASE(
    "a stranger that queues for our locks stops nothing, kills nothing and has nothing sent twice: event_outbox") {
  const auto database = contract_database();
  const auto stream = new_stream("strangers");
  const std::vector<std::string> run{"run", "--poll-interval", "20ms", "--batch", "5", "--max-attempts", "3"};
  const auto one = start_outboxd(run, outboxd_environment(database));
  const auto other = start_outboxd(run, outboxd_environment(database));
  insert_rows(database, "first", stream, 20);
  wait_until([&] { return count_rows(database, "dispatched_at IS NOT NULL") == 20; });
  const Stranger stranger(database);
  for (int i = 1; i <= 6; ++i) {
    wait_until([&] { return stranger.waits(); });
    insert_rows(database, "round" + std::to_string(i), stream, 40);
    end_our_sessions(database);
    wait_until([&] { return count_rows(database, "dispatched_at IS NOT NULL") == 20 + 40 * i; },
               std::chrono::seconds(20), "rows to be settled beside a stranger");
  }
  CHECK(count_rows(database, "available_at = 'infinity'") == 0);
  CHECK(published(shared_redis().probe(), stream).each_once(260));
  const auto said = one->err() + other->err();
  CHECK(occurrences(said, "could not be taken") >= 1);
  CHECK(contains(said, "it goes on as outboxd:"));
  CHECK_FALSE(contains(said, "is dead (its Postgres sessions are gone)"));
}

TEST_CASE(
    "a stranger that queues for our locks stops nothing, kills nothing and has nothing sent twice: caracal_outbox") {
  const auto database = caracal_database();
  const auto topic = new_stream("strangers");
  const auto outboxd = start_outboxd(for_caracal_table({"run", "--poll-interval", "20ms", "--batch", "5"}),
                                     outboxd_environment(database));
  insert_caracal_rows(database, "first", topic, 20);
  wait_until([&] { return count_caracal_rows(database, "status = 'published'") == 20; });
  const Stranger stranger(database);
  for (int i = 1; i <= 4; ++i) {
    insert_caracal_rows(database, "round" + std::to_string(i), topic, 40);
    end_our_sessions(database);
    wait_until([&] { return count_caracal_rows(database, "status = 'published'") == 20 + 40 * i; },
               std::chrono::seconds(20), "rows to be settled beside a stranger");
  }
  CHECK(count_caracal_rows(database, "status = 'dead'") == 0);
  CHECK(published(shared_redis().probe(), topic).each_once(180));
}

TEST_CASE("if another role holds the lock of the wake-ups, the dispatcher polls, and the session is named") {
  for (const auto* function : {"pg_advisory_lock", "pg_advisory_lock_shared"}) {
    CAPTURE(function);
    const auto database = contract_database();
    REQUIRE(run_outboxd({"migrate", "--wake-ups"}, outboxd_environment(database)).status == 0);
    const auto role = "stranger_" + database.name;
    database.exec("CREATE ROLE " + role + " LOGIN");
    const auto url = shared_postgres().url(database.name, role);
    pqxx::connection stranger(url);
    pqxx::nontransaction work(stranger);
    work.exec("SELECT " + std::string(function) +
              "((1869968482::bigint << 32) + 'event_outbox'::regclass::oid::bigint)");
    const auto stream = new_stream("strangers");
    const auto outboxd = start_outboxd({"run", "--poll-interval", "100ms"}, outboxd_environment(database));
    insert_rows(database, "a", stream, 10);
    wait_until([&] { return count_rows(database, "dispatched_at IS NOT NULL") == 10; });
    const auto named = "session " + std::to_string(stranger.backendpid()) + " of role " + role;
    wait_until([&] { return contains(outboxd->err(), named); }, std::chrono::seconds(30), "the stranger to be named");
    insert_rows(database, "b", stream, 10);
    wait_until([&] { return count_rows(database, "dispatched_at IS NOT NULL") == 20; });
    CHECK(occurrences(outboxd->err(), named) == 1);
    CHECK(published(shared_redis().probe(), stream).each_once(20));
  }
}
