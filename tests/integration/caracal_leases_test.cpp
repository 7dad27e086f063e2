// SPDX-License-Identifier: Apache-2.0
// caracal_outbox: leases by a moved available_at, their ends, and the delays after failures.
#include "support/caracal_table.hpp"
#include "support/fake_redis.hpp"
#include "support/http.hpp"
#include "support/published.hpp"
#include "support/wait.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <csignal>

using namespace outboxd::test;  // NOLINT(google-build-using-namespace): nearly all of the harness is used here

namespace {

struct Hanging {
  std::unique_ptr<Child> outboxd;
  std::uint16_t port = 0;
};

/// A daemon that has claimed `rows` rows and waits for a Redis that doesn't answer.
Hanging hang(const Database& database, PrivateRedis& redis, int rows, const std::string& lease) {
  auto outboxd = start_outboxd(for_caracal_table({"run", "--http-listen", "127.0.0.1:0", "--poll-interval", "20ms",
                                                  "--redis-timeout", "60s", "--lease", lease}),
                               outboxd_environment(database, redis));
  const auto port = http_port(*outboxd);
  wait_until([&] { return http_get(port, "/readyz").status == 200; });
  redis.pause();
  insert_caracal_rows(database, "a", "stream", rows);
  wait_until([&] { return count_caracal_rows(database, "available_at > created_at") == rows; });
  return {std::move(outboxd), port};
}

std::string url_of(const FakeRedis& redis) {
  return "redis://127.0.0.1:" + std::to_string(redis.port());
}

/// One row that failed, and the delay of its next attempt.
struct PutOff {
  int attempt = 0;
  std::string status;
  /// Measured from before the run to available_at, so longer than the delay by at most the run's time.
  double seconds = 0;
};

struct Run {
  std::vector<PutOff> rows;
  double run_time = 0;
};

constexpr int kFirstGood = 9000;

/// Makes rows fail for the `attempts`th time, all in one run.
Run fail(const std::vector<int>& attempts, const std::vector<std::string>& flags) {
  const auto database = caracal_database();
  // Redis accepts entries after them, which shows that the refusals concern these rows only.
  const FakeRedis redis(refusing_rows([](const std::string& id) { return std::stoi(id) < kFirstGood; }));
  const auto topic = new_stream("caracal-refused");
  // The first claim after a start is of eight rows.
  int good = kFirstGood;
  for (const int attempt : attempts) {
    insert_caracal_row(database, std::to_string(attempt), topic, "{}");
    insert_caracal_row(database, std::to_string(good++), topic, "{}");
  }
  database.exec("UPDATE caracal_outbox SET attempts = id::int - 1 WHERE id::int < " + std::to_string(kFirstGood));
  const auto before = database.scalar("SELECT clock_timestamp()");
  std::vector<std::string> command{"--once", "--layout", "caracal_outbox"};
  command.insert(command.end(), flags.begin(), flags.end());
  CHECK(run_outboxd(command, with(outboxd_environment(database), {{"REDIS_URL", url_of(redis)}})).status == 1);
  Run run;
  run.run_time = std::stod(database.scalar("SELECT extract(epoch FROM clock_timestamp() - " + literal(before) + ")"));
  for (const auto& row :
       database.rows("SELECT id, attempts, status, extract(epoch FROM available_at - " + literal(before) +
                     "), published_at FROM caracal_outbox WHERE status <> 'published' ORDER BY id::int")) {
    CHECK(row[0] == row[1]);
    CHECK(row[4] == "NULL");
    run.rows.push_back({std::stoi(row[0]), row[2], std::stod(row[3])});
  }
  REQUIRE(run.rows.size() == attempts.size());
  return run;
}

void check_between(const PutOff& row, double least, double most, double run_time) {
  CAPTURE(row.attempt);
  CHECK(row.status == "pending");
  CHECK(row.seconds >= least);
  CHECK(row.seconds <= most + run_time);
}

}  // namespace

TEST_CASE("a claim moves available_at by the lease, and counts no attempt") {
  PrivateRedis redis;
  const auto database = caracal_database();
  const auto hanging = hang(database, redis, 5, "300s");
  CHECK(count_caracal_rows(database,
                           "status = 'pending' AND attempts = 0 AND published_at IS NULL AND"
                           " available_at BETWEEN now() + interval '240 s' AND now() + interval '300 s'") == 5);
  redis.resume();
  wait_until([&] { return count_caracal_rows(database, "status = 'published' AND attempts = 1") == 5; });
  CHECK(published(redis.probe(), "stream").each_once(5));
}

TEST_CASE("an outcome is not written to a row whose available_at another session has moved") {
  PrivateRedis redis;
  const auto database = caracal_database();
  const auto hanging = hang(database, redis, 3, "300s");
  database.exec(
      "UPDATE caracal_outbox SET attempts = 7, available_at = now() + interval '1 hour' WHERE id = 'a000002'");
  redis.resume();
  wait_until([&] { return count_caracal_rows(database, "status = 'published'") == 2; });
  wait_until([&] {
    return contains(http_get(hanging.port, "/metrics").body, "outboxd_leases_lost_total{dispatcher=\"outbox\"} 1");
  });
  CHECK(database.rows("SELECT status, attempts, published_at, available_at > now() + interval '50 minutes' FROM"
                      " caracal_outbox WHERE id = 'a000002'") == Rows{{"pending", "7", "NULL", "t"}});
}

TEST_CASE(
    "the rows of a dispatcher that was killed come back when the lease ends, and their attempts are counted once") {
  PrivateRedis redis;
  const auto database = caracal_database();
  {
    const auto hanging = hang(database, redis, 5, "1s");
    hanging.outboxd->signal(SIGKILL);
    hanging.outboxd->wait();
  }
  redis.resume();
  const auto next =
      start_outboxd(for_caracal_table({"run", "--poll-interval", "50ms"}), outboxd_environment(database, redis));
  wait_until([&] { return count_caracal_rows(database, "status = 'published' AND attempts = 1") == 5; });
  // At least once: the write of the killed dispatcher may have arrived as well.
  CHECK(published(redis.probe(), "stream").distinct.size() == 5);
}

TEST_CASE("coordinator: after attempt n the row waits min(n, 60) s and up to 1 s more, and is dead after the tenth") {
  const auto run = fail({1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, {"--profile", "coordinator"});
  for (const auto& row : run.rows) {
    if (row.attempt == 10) {
      CHECK(row.status == "dead");
    } else {
      check_between(row, row.attempt, row.attempt + 1.0, run.run_time);
    }
  }
  const auto patient = fail({59, 60, 61, 1000}, {"--profile", "coordinator", "--max-attempts", "2000"});
  for (const auto& row : patient.rows) {
    const double base = std::min(row.attempt, 60);
    check_between(row, base, base + 1, patient.run_time);
  }
}

TEST_CASE(
    "api: after attempt n the row waits min(60, 2^min(n,6)) s and up to 30 % more, and is dead after the 100th") {
  const auto run = fail({1, 2, 3, 4, 5, 6, 7, 50, 99, 100}, {"--profile", "api"});
  for (const auto& row : run.rows) {
    if (row.attempt == 100) {
      CHECK(row.status == "dead");
    } else {
      const double base = std::min(60.0, std::pow(2, std::min(row.attempt, 6)));
      check_between(row, base, 1.3 * base, run.run_time);
    }
  }
}

TEST_CASE("a row that fails is retried until its attempts are used up, and each is counted once") {
  const auto database = caracal_database();
  const FakeRedis redis(refusing_rows([](const std::string& id) { return id == "a"; }));
  const auto topic = new_stream("caracal-refused");
  insert_caracal_row(database, "a", topic, "{}");
  const auto outboxd = start_outboxd(for_caracal_table({"run", "--poll-interval", "20ms", "--max-attempts", "3"}),
                                     with(outboxd_environment(database), {{"REDIS_URL", url_of(redis)}}));
  // The row is found at fault only if other rows of its stream are accepted.
  int others = 0;
  wait_until([&] {
    insert_caracal_row(database, "b" + std::to_string(++others), topic, "{}");
    return count_caracal_rows(database, "status = 'dead'") == 1;
  });
  CHECK(count_caracal_rows(database, "id = 'a' AND attempts = 3 AND published_at IS NULL") == 1);
  wait_until([&] { return count_caracal_rows(database, "status = 'published' AND attempts = 1") == others; });
}

TEST_CASE("a Redis that refuses everything: rows are released, due, and their attempts aren't counted") {
  PrivateRedis redis({"maxmemory-policy noeviction"});
  const auto database = caracal_database();
  redis.probe().command("CONFIG", "SET", "maxmemory", "1");
  insert_caracal_rows(database, "a", "stream", 100);
  const auto outboxd =
      start_outboxd(for_caracal_table({"run", "--http-listen", "127.0.0.1:0"}), outboxd_environment(database, redis));
  const auto port = http_port(*outboxd);
  wait_until([&] {
    const auto ready = http_get(port, "/readyz");
    return ready.status == 503 && contains(ready.body, "OOM");
  });
  // The lease is 30 s, and this waits for at most 20 s, so the rows were released.
  wait_until([&] { return count_caracal_rows(database, "attempts = 0 AND available_at <= now()") >= 99; });
  CHECK(count_caracal_rows(database, "attempts > 1 OR status <> 'pending'") == 0);
  redis.probe().command("CONFIG", "SET", "maxmemory", "0");
  wait_until([&] { return count_caracal_rows(database, "status = 'published' AND attempts = 1") == 100; });
  CHECK(published(redis.probe(), "stream").each_once(100));
}

TEST_CASE("Redis is down: no row is dead, no attempt is counted, and all are published when it is back") {
  PrivateRedis redis;
  const auto database = caracal_database();
  const auto outboxd =
      start_outboxd(for_caracal_table({"run", "--http-listen", "127.0.0.1:0"}), outboxd_environment(database, redis));
  const auto port = http_port(*outboxd);
  wait_until([&] { return http_get(port, "/readyz").status == 200; });
  redis.stop();
  insert_caracal_rows(database, "a", "stream", 200);
  wait_until([&] { return http_get(port, "/readyz").status == 503; });
  wait_until([&] { return count_caracal_rows(database, "attempts = 0 AND available_at <= now()") == 200; });
  redis.start();
  wait_until([&] { return count_caracal_rows(database, "status = 'published' AND attempts = 1") == 200; });
  CHECK(published(redis.probe(), "stream").each_once(200));
}

TEST_CASE("a shutdown in the middle of work leaves no row leased, and counts only attempts that were made") {
  const auto database = caracal_database();
  const auto topic = new_stream("caracal");
  insert_caracal_rows(database, "a", topic, 10000);
  // Batches of one row, so that the work takes some time.
  const auto outboxd = start_outboxd(for_caracal_table({"run", "--batch", "1"}), outboxd_environment(database));
  wait_until([&] { return count_caracal_rows(database, "status = 'published'") > 0; });
  outboxd->signal(SIGTERM);
  CHECK(outboxd->wait() == 0);
  const auto done = count_caracal_rows(database, "status = 'published'");
  CHECK(done < 10000);
  CHECK(published(shared_redis().probe(), topic).each_once(static_cast<std::size_t>(done)));
  CHECK(count_caracal_rows(database, "status = 'pending' AND attempts = 0 AND available_at <= now()") ==
        10000 - done);
}
