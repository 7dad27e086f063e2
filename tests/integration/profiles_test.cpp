// SPDX-License-Identifier: Apache-2.0
// The two profiles: retry delays, maximal attempts, batch size and lease.
#include "support/fake_redis.hpp"
#include "support/http.hpp"
#include "support/outbox_table.hpp"
#include "support/wait.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

using outboxd::test::contains;
using outboxd::test::contract_database;
using outboxd::test::count_rows;
using outboxd::test::Environment;
using outboxd::test::FakeRedis;
using outboxd::test::http_get;
using outboxd::test::http_port;
using outboxd::test::insert_row;
using outboxd::test::insert_rows;
using outboxd::test::literal;
using outboxd::test::new_stream;
using outboxd::test::once_counts;
using outboxd::test::outboxd_environment;
using outboxd::test::PrivateRedis;
using outboxd::test::refusing_rows;
using outboxd::test::Rows;
using outboxd::test::run_outboxd;
using outboxd::test::start_outboxd;
using outboxd::test::wait_until;
using outboxd::test::with;

namespace {

/// One row that has failed `attempts` times and will fail again, and the delay after that.
struct PutOff {
  int attempt = 0;
  /// The delay, with an error of up to `run_time`, as the exact time of the settlement is unknown.
  double seconds = 0;
  bool dead = false;
};

struct Run {
  std::vector<PutOff> rows;
  double run_time = 0;
};

/// Makes rows fail for the `attempts`th time, all in one run.
Run fail(const std::vector<int>& attempts, const std::vector<std::string>& flags, const Environment& changes = {}) {
  const auto database = contract_database();
  // Redis accepts entries after them, which shows that the refusals concern these rows only.
  const FakeRedis redis(refusing_rows([](const std::string& id) { return !id.starts_with("good"); }));
  const auto stream = new_stream("refused");
  for (const int attempt : attempts) {
    database.exec("INSERT INTO event_outbox (id, stream_name, payload_json, attempts) VALUES ('" +
                  std::to_string(attempt) + "', " + literal(stream) + ", '{}', " + std::to_string(attempt - 1) + ")");
    // The first claim after a start is of eight rows.
    insert_row(database, "good" + std::to_string(attempt), stream, "{}");
  }
  const auto before = database.scalar("SELECT now()");
  std::vector<std::string> command{"--once"};
  command.insert(command.end(), flags.begin(), flags.end());
  const auto url = "redis://127.0.0.1:" + std::to_string(redis.port());
  const auto ended = run_outboxd(command, with(with(outboxd_environment(database), {{"REDIS_URL", url}}), changes));
  CHECK(ended.status == 1);
  CHECK(once_counts(ended.out).add_up());
  CHECK(once_counts(ended.out).published == static_cast<std::int64_t>(attempts.size()));
  Run run;
  run.run_time = std::stod(database.scalar("SELECT extract(epoch FROM now() - " + literal(before) + ")"));
  for (const auto& row : database.rows(
           "SELECT id, attempts, available_at = 'infinity', CASE WHEN available_at < 'infinity' THEN"
           " extract(epoch FROM available_at - " +
           literal(before) +
           ") ELSE 0 END, locked_until, dispatched_at, last_error FROM event_outbox WHERE id NOT LIKE 'good%' "
           "ORDER BY id::int")) {
    // An attempt is counted once, with any outcome.
    CHECK(row[0] == row[1]);
    CHECK(row[4] == "NULL");
    CHECK(row[5] == "NULL");
    CHECK(contains(row[6], "too large"));
    run.rows.push_back({std::stoi(row[0]), std::stod(row[3]), row[2] == "t"});
  }
  REQUIRE(run.rows.size() == attempts.size());
  return run;
}

void check_between(const PutOff& row, double least, double most, double run_time) {
  CAPTURE(row.attempt);
  CHECK(!row.dead);
  CHECK(row.seconds >= least);
  CHECK(row.seconds <= most + run_time);
}

}  // namespace

TEST_CASE("api: after attempt n the row waits min(60, 2^min(n,6)) s and up to 30 % more; 100 is the last") {
  const auto run = fail({1, 2, 3, 4, 5, 6, 7, 8, 50, 99, 100}, {});
  for (const auto& row : run.rows) {
    if (row.attempt == 100) {
      CHECK(row.dead);
      continue;
    }
    const double base = std::min(60.0, std::pow(2, std::min(row.attempt, 6)));
    check_between(row, base, 1.3 * base, run.run_time);
  }
}

TEST_CASE("coordinator: after attempt n the row waits min(n, 60) s and up to 1 s more; 10 is the last") {
  const auto run = fail({1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, {"--profile", "coordinator"});
  for (const auto& row : run.rows) {
    if (row.attempt == 10) {
      CHECK(row.dead);
      continue;
    }
    check_between(row, row.attempt, row.attempt + 1.0, run.run_time);
  }
  const auto patient = fail({59, 60, 61, 1000}, {"--profile", "coordinator", "--max-attempts", "2000"});
  for (const auto& row : patient.rows) {
    const double base = std::min(row.attempt, 60);
    check_between(row, base, base + 1, patient.run_time);
  }
}

TEST_CASE("the delay has a random part") {
  // The same attempt for twelve rows: 30 % of 60 s is enough to differ.
  const auto run = fail({11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22}, {});
  const auto [least, most] = std::ranges::minmax(run.rows, {}, &PutOff::seconds);
  CHECK(most.seconds - least.seconds > 0.5);
}

TEST_CASE("the maximal number of attempts comes from the environment") {
  CHECK(fail({2, 3}, {}, {{"CARACAL_OUTBOX_MAX_ATTEMPTS", "3"}}).rows[1].dead);
  CHECK(!fail({2, 3}, {}, {{"CARACAL_OUTBOX_MAX_ATTEMPTS", "4"}}).rows[1].dead);
  CHECK(fail({2, 3}, {}, {{"OUTBOX_MAX_ATTEMPTS", "3"}}).rows[1].dead);
  CHECK(fail({2, 3}, {"--profile", "coordinator"}, {{"OUTBOX_MAX_ATTEMPTS", "3"}}).rows[1].dead);
  // The other profile's variable has no effect here.
  CHECK(!fail({2, 3}, {"--profile", "coordinator"}, {{"CARACAL_OUTBOX_MAX_ATTEMPTS", "3"}}).rows[1].dead);
}

TEST_CASE("batch and lease from the environment, seen in the table while Redis hangs") {
  struct Case {
    std::vector<std::string> flags;
    Environment changes;
    std::string rows_per_claim;
    double lease_seconds;
  };
  for (const auto& expected : {Case{{}, {{"CARACAL_OUTBOX_BATCH", "5"}, {"CARACAL_OUTBOX_LOCK_SEC", "77"}}, "5", 77},
                               Case{{}, {{"OUTBOX_BATCH_SIZE", "6"}, {"OUTBOX_LOCK_SEC", "55"}}, "6", 55},
                               Case{{"--profile", "coordinator"}, {{"OUTBOX_BATCH_SIZE", "7"}}, "7", 30}}) {
    PrivateRedis redis;
    const auto database = contract_database();
    auto command = expected.flags;
    for (const char* word : {"run", "--http-listen", "127.0.0.1:0", "--poll-interval", "20ms"})
      command.emplace_back(word);
    const auto outboxd = start_outboxd(command, with(outboxd_environment(database, redis), expected.changes));
    const auto port = http_port(*outboxd);
    wait_until([&] { return http_get(port, "/readyz").status == 200; });
    redis.pause();
    insert_rows(database, "a", "stream", 100);
    // Claiming continues while Redis hangs, but only for a few batches.
    wait_until([&] { return database.scalar("SELECT count(DISTINCT locked_until) > 1 FROM event_outbox") == "t"; });
    const auto claims = database.rows(
        "SELECT count(*), max(extract(epoch FROM locked_until - now())) FROM event_outbox"
        " WHERE locked_until IS NOT NULL GROUP BY locked_until");
    CHECK(claims.size() <= 4);
    for (const auto& claim : claims) {
      CHECK(claim[0] == expected.rows_per_claim);
      CHECK(std::stod(claim[1]) <= expected.lease_seconds);
      CHECK(std::stod(claim[1]) > expected.lease_seconds - 10);
    }
    CHECK(count_rows(database, "locked_until IS NOT NULL AND (attempts <> 1 OR locked_by IS NULL)") == 0);
    redis.resume();
  }
}

TEST_CASE("a full claim is followed by the next at once, without waiting for the poll") {
  const auto database = contract_database();
  insert_rows(database, "a", new_stream(), 400);
  // With a poll interval between two claims this would take hours.
  const auto outboxd =
      start_outboxd({"run", "--batch", "8", "--poll-interval", "10m"}, outboxd_environment(database));
  wait_until([&] { return count_rows(database, "dispatched_at IS NULL") == 0; });
  CHECK(outboxd->running());
}
