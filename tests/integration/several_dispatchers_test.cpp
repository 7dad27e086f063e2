// SPDX-License-Identifier: Apache-2.0
// Several dispatchers in one process: problems of one are reported, and don't stop the others.
#include "support/http.hpp"
#include "support/outbox_table.hpp"
#include "support/temp_dir.hpp"
#include "support/wait.hpp"

#include <doctest/doctest.h>

#include <csignal>
#include <sstream>

using outboxd::test::Child;
using outboxd::test::contains;
using outboxd::test::contract_database;
using outboxd::test::count_rows;
using outboxd::test::Database;
using outboxd::test::Environment;
using outboxd::test::http_get;
using outboxd::test::http_port;
using outboxd::test::insert_rows;
using outboxd::test::literal;
using outboxd::test::new_stream;
using outboxd::test::occurrences;
using outboxd::test::once_counts;
using outboxd::test::outboxd_environment;
using outboxd::test::PrivateRedis;
using outboxd::test::run_outboxd;
using outboxd::test::shared_postgres;
using outboxd::test::shared_redis;
using outboxd::test::start_outboxd;
using outboxd::test::TempDir;
using outboxd::test::wait_until;

namespace {

// A fixed table is found within ten seconds.
constexpr std::chrono::seconds kPatience{30};

/// Two dispatchers: "api" uses the servers of the environment, "other" has its own table, database and Redis.
class TwoDispatchers {
 public:
  TwoDispatchers()
      : api(contract_database()), other(shared_postgres().create_database()), environment(outboxd_environment(api)) {}

  [[nodiscard]] std::string file(const std::string& keys_of_other = "") const {
    return folder_
        .write("outboxd.toml",
               "[[dispatcher]]\nname = \"api\"\npoll_interval = \"20ms\"\n"
               "[[dispatcher]]\nname = \"other\"\nprofile = \"coordinator\"\ntable = \"other_outbox\"\n"
               "poll_interval = \"20ms\"\n" +
                   keys_of_other + "\n[dispatcher.postgres]\nurl = \"" + other.url +
                   "\"\n[dispatcher.redis]\nurl = \"" + other_redis.url() + "\"\n")
        .string();
  }

  /// A daemon with an HTTP port.
  [[nodiscard]] std::unique_ptr<Child> start(const std::string& keys_of_other = "") const {
    return start_outboxd({"--config", file(keys_of_other), "--http-listen", "127.0.0.1:0"}, environment);
  }

  [[nodiscard]] outboxd::test::Finished run(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {"--config", file()});
    return run_outboxd(arguments, environment);
  }

  void create_other_table() const {
    outboxd::test::create_contract_table(other);
    other.exec("ALTER TABLE event_outbox RENAME TO other_outbox");
  }

  void insert_other_rows(const std::string& prefix, const std::string& stream, int count) const {
    other.exec("INSERT INTO other_outbox (id, stream_name, payload_json) SELECT " + literal(prefix) + " || n, " +
               literal(stream) + ", '{}' FROM generate_series(1, " + std::to_string(count) + ") AS n");
  }

  [[nodiscard]] std::int64_t other_rows(const std::string& condition) const {
    return std::stoll(other.scalar("SELECT count(*) FROM other_outbox WHERE " + condition));
  }

  void wait_for_rows_of_api() const {
    wait_until([this] { return count_rows(api, "dispatched_at IS NULL") == 0; }, kPatience, "the rows of api");
  }
  void wait_for_rows_of_other() const {
    wait_until([this] { return other_rows("dispatched_at IS NULL") == 0; }, kPatience, "the rows of other");
  }

  const Database api;
  const Database other;
  PrivateRedis other_redis;
  const Environment environment;

 private:
  TempDir folder_;
};

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

/// Waits until /readyz answers 503 with this reason for `part`, and reports all other parts ready.
void wait_until_only(const std::string& part, const std::string& reason, std::uint16_t port) {
  wait_until(
      [&] {
        const auto ready = http_get(port, "/readyz");
        return ready.status == 503 && contains(ready.body, part + ": ") && contains(ready.body, reason) &&
               !contains(ready.body, part + ": ready since ") &&
               occurrences(ready.body, "\n") ==
                   1 + occurrences(ready.body, ": ready since ") + occurrences(ready.body, "signing: ");
      },
      kPatience, "/readyz to name " + part + " alone");
  const auto metrics = http_get(port, "/metrics").body;
  CHECK(contains(metrics, "outboxd_ready{dispatcher=\"" + part + "\"} 0"));
  CHECK(contains(metrics, "outboxd_ready{dispatcher=\"api\"} 1"));
}

void wait_until_ready(std::uint16_t port) {
  wait_until([&] { return http_get(port, "/readyz").status == 200; }, kPatience, "/readyz to say 200");
}

void end_politely(Child& outboxd) {
  outboxd.signal(SIGTERM);
  CHECK(outboxd.wait() == 0);
  CHECK(occurrences(outboxd.err(), "api: ended: claimed ") == 1);
  CHECK(occurrences(outboxd.err(), "other: ended: claimed ") == 1);
}

}  // namespace

TEST_CASE("two tables, two databases, two Redis servers: each row reaches its own Redis, and SIGTERM stops both") {
  const TwoDispatchers two;
  two.create_other_table();
  const auto stream = new_stream("several");
  insert_rows(two.api, "a", stream, 300);
  two.insert_other_rows("o", stream, 200);
  const auto outboxd = two.start();
  const auto port = http_port(*outboxd);
  two.wait_for_rows_of_api();
  two.wait_for_rows_of_other();
  CHECK(shared_redis().probe().xlen(stream) == 300);
  CHECK(two.other_redis.probe().xlen(stream) == 200);
  wait_until_ready(port);
  const auto metrics = http_get(port, "/metrics").body;
  CHECK(contains(metrics, "outboxd_published_total{dispatcher=\"api\",stream=\"" + stream + "\"} 300"));
  CHECK(contains(metrics, "outboxd_published_total{dispatcher=\"other\",stream=\"" + stream + "\"} 200"));
  CHECK(contains(outboxd->err(), "dispatcher api, profile api, table event_outbox,"));
  CHECK(contains(outboxd->err(), "dispatcher other, profile coordinator, table other_outbox,"));
  end_politely(*outboxd);
  CHECK(contains(outboxd->err(), "api: ended: claimed 300, published 300,"));
  CHECK(contains(outboxd->err(), "other: ended: claimed 200, published 200,"));
}

TEST_CASE("a missing table stops no other dispatcher, is reported, and is used as soon as it exists") {
  const TwoDispatchers two;
  const auto stream = new_stream("mended");
  const auto outboxd = two.start();
  const auto port = http_port(*outboxd);
  wait_until_only("other", "does not exist", port);
  insert_rows(two.api, "a", stream, 100);
  two.wait_for_rows_of_api();
  CHECK(contains(http_get(port, "/metrics").body, "outboxd_pending_rows{dispatcher=\"other\"} NaN"));
  // Logged at the start; further checks log nothing new.
  CHECK(occurrences(outboxd->err(), "other: the table can't be used as it is (table ") == 1);
  two.create_other_table();
  two.insert_other_rows("o", stream, 50);
  two.wait_for_rows_of_other();
  wait_until_ready(port);
  CHECK(two.other_redis.probe().xlen(stream) == 50);
  CHECK(contains(outboxd->err(), "other: table other_outbox can be used now"));
  CHECK(occurrences(outboxd->err(), "other: the table can't be used as it is (table ") == 1);
  end_politely(*outboxd);
}

TEST_CASE("a daemon without any table that can be used waits for its tables, and names each") {
  const TwoDispatchers two;
  two.api.exec("DROP TABLE event_outbox");
  const auto outboxd = two.start();
  const auto port = http_port(*outboxd);
  wait_until([&] { return occurrences(http_get(port, "/readyz").body, "does not exist") == 2; });
  CHECK(
      contains(outboxd->err(), "warn  api: the table can't be used as it is (table \"event_outbox\" does not exist"));
  CHECK(contains(outboxd->err(), "other: the table can't be used as it is (table \"other_outbox\" does not exist"));
  // Each reason is logged once.
  CHECK(occurrences(outboxd->err(), "\"other_outbox\" does not exist") == 1);
  end_politely(*outboxd);
}

TEST_CASE("one dispatcher's Redis is down, at the start and later: the other goes on") {
  TwoDispatchers two;
  two.create_other_table();
  const auto stream = new_stream("redis-away");
  two.insert_other_rows("o", stream, 50);
  two.other_redis.stop();
  const auto outboxd = two.start();
  const auto port = http_port(*outboxd);
  for (const char* prefix : {"first", "second"}) {
    wait_until_only("other", "Redis is unavailable", port);
    insert_rows(two.api, prefix, stream, 100);
    two.wait_for_rows_of_api();
    CHECK(two.other_rows("attempts > 0 AND dispatched_at IS NULL") == 0);
    two.other_redis.start();
    two.wait_for_rows_of_other();
    wait_until_ready(port);
    two.other_redis.stop();
    two.insert_other_rows(prefix, stream, 50);
  }
  end_politely(*outboxd);
}

TEST_CASE("one dispatcher's Postgres is down: the other goes on, even if its table must be fixed first") {
  const TwoDispatchers two;
  const auto stream = new_stream("postgres-away");
  insert_rows(two.api, "a", stream, 50);
  two.api.exec("ALTER TABLE event_outbox RENAME TO mislaid");
  two.api.exec("ALTER DATABASE " + two.other.name + " ALLOW_CONNECTIONS false");
  const auto outboxd = two.start();
  const auto port = http_port(*outboxd);
  wait_until([&] {
    const auto ready = http_get(port, "/readyz").body;
    return contains(ready, "api: the table can't be used") && contains(ready, "other: Postgres is unavailable");
  });
  two.api.exec("ALTER TABLE mislaid RENAME TO event_outbox");
  two.wait_for_rows_of_api();
  wait_until_only("other", "Postgres is unavailable", port);
  end_politely(*outboxd);
}

TEST_CASE("SIGTERM while one Redis hangs: within the longest shutdown time-out, and the other's rows are settled") {
  TwoDispatchers two;
  two.create_other_table();
  const auto outboxd = two.start("shutdown_timeout = \"1s\"");
  wait_until_ready(http_port(*outboxd));
  two.other_redis.pause();
  two.insert_other_rows("o", "stream", 5);
  wait_until([&] { return two.other_rows("locked_until IS NOT NULL") == 5; });
  insert_rows(two.api, "a", new_stream(), 100);
  two.wait_for_rows_of_api();
  const auto before = std::chrono::steady_clock::now();
  end_politely(*outboxd);
  CHECK(std::chrono::steady_clock::now() - before < std::chrono::seconds(10));
  two.other_redis.resume();
  CHECK(count_rows(two.api, "locked_until IS NOT NULL") == 0);
}

TEST_CASE("--once: all dispatchers at the same time, with a line for each in the file's order") {
  const TwoDispatchers two;
  const auto stream = new_stream("once");
  insert_rows(two.api, "a", stream, 100);
  {
    const auto ended = two.run({"--once"});
    CHECK(ended.status == 1);
    const auto lines = lines_of(ended.out);
    REQUIRE(lines.size() == 2);
    CHECK(lines[0].starts_with(R"({"dispatcher":"api","status":"all_published",)"));
    CHECK(once_counts(lines[0]).published == 100);
    CHECK(lines[1].starts_with(R"({"dispatcher":"other","status":"could_not_work",)"));
  }
  two.create_other_table();
  two.insert_other_rows("o", stream, 70);
  {
    const auto ended = two.run({"--once"});
    CHECK(ended.status == 0);
    const auto lines = lines_of(ended.out);
    REQUIRE(lines.size() == 2);
    CHECK(once_counts(lines[0]).claimed == 0);
    CHECK(once_counts(lines[1]).published == 70);
  }
  two.api.exec("DROP TABLE event_outbox");
  two.other.exec("DROP TABLE other_outbox");
  CHECK(two.run({"--once"}).status == 2);
}

TEST_CASE("--dispatcher: only the named dispatchers run; the error for an unknown name lists the known ones") {
  const TwoDispatchers two;
  two.create_other_table();
  insert_rows(two.api, "a", new_stream("named"), 10);
  two.insert_other_rows("o", "stream", 20);
  const auto other = two.run({"--once", "--dispatcher", "other"});
  CHECK(other.status == 0);
  CHECK(lines_of(other.out).size() == 1);
  CHECK(contains(other.out, R"({"dispatcher":"other",)"));
  CHECK(two.other_rows("dispatched_at IS NOT NULL") == 20);
  CHECK(count_rows(two.api, "dispatched_at IS NULL AND attempts = 0") == 10);
  const auto both = two.run({"--once", "--dispatcher", "other", "--dispatcher", "api"});
  CHECK(both.status == 0);
  REQUIRE(lines_of(both.out).size() == 2);
  CHECK(lines_of(both.out)[0].starts_with(R"({"dispatcher":"api",)"));
  CHECK(count_rows(two.api, "dispatched_at IS NULL") == 0);
  const auto unknown = two.run({"--once", "--dispatcher", "nobody"});
  CHECK(unknown.status == 2);
  CHECK(contains(unknown.err, "\"nobody\""));
  CHECK(contains(unknown.err, "api, other"));
  CHECK(unknown.out.empty());
}

TEST_CASE("migrate works on each database, enqueue on the table of the first or the named dispatcher") {
  const TwoDispatchers two;
  two.api.exec("DROP TABLE event_outbox");
  const auto only = two.run({"migrate", "--dispatcher", "api"});
  CHECK_MESSAGE(only.status == 0, only.err);
  CHECK(count_rows(two.api) == 0);
  CHECK(two.other.scalar("SELECT to_regclass('event_outbox') IS NULL") == "t");
  const auto all = two.run({"migrate"});
  CHECK_MESSAGE(all.status == 0, all.err);
  CHECK(count_rows(two.other) == 0);
  CHECK(two.run({"migrate", "--revert", "2"}).status == 2);
  two.other.exec("ALTER TABLE event_outbox RENAME TO other_outbox");
  CHECK(two.run({"enqueue", "stream", "a=1"}).status == 0);
  CHECK(two.run({"enqueue", "--dispatcher", "other", "stream", "a=1"}).status == 0);
  CHECK(count_rows(two.api) == 1);
  CHECK(two.other_rows("true") == 1);
}

TEST_CASE("two dispatchers share a table, told apart by their streams") {
  const auto database = contract_database();
  const PrivateRedis redis_of_b;
  const TempDir folder;
  const auto file = folder.write("outboxd.toml", R"([[dispatcher]]
name = "a"
streams = ["stream.a"]
[[dispatcher]]
name = "b"
streams = ["stream.b"]
[dispatcher.redis]
url = ")" + redis_of_b.url() + "\"\n");
  const PrivateRedis redis_of_a;
  insert_rows(database, "a", "stream.a", 300);
  insert_rows(database, "b", "stream.b", 200);
  insert_rows(database, "c", "stream.c", 1);
  const auto ended = run_outboxd({"--once", "--config", file.string()}, outboxd_environment(database, redis_of_a));
  CHECK_MESSAGE(ended.status == 0, ended.err);
  CHECK(redis_of_a.probe().xlen("stream.a") == 300);
  CHECK(redis_of_b.probe().xlen("stream.b") == 200);
  CHECK(count_rows(database, "stream_name = 'stream.a' AND locked_by LIKE 'outboxd:%:a'") == 300);
  CHECK(count_rows(database, "stream_name = 'stream.b' AND locked_by LIKE 'outboxd:%:b'") == 200);
  CHECK(count_rows(database, "stream_name = 'stream.c' AND attempts = 0") == 1);
}

TEST_CASE("two dispatchers on the same rows of one table: a claim whose answer is lost frees no rows of the other") {
  const auto database = contract_database();
  const PrivateRedis redis;
  const TempDir folder;
  const auto file =
      folder.write("outboxd.toml",
                   "[[dispatcher]]\nname = \"a\"\nbatch = 4\nprobe_min = \"10ms\"\nprobe_max = \"10ms\"\n"
                   "[[dispatcher]]\nname = \"b\"\nbatch = 4\nprobe_min = \"10ms\"\nprobe_max = \"10ms\"\n");
  insert_rows(database, "a", "stream", 2000);
  const auto outboxd = start_outboxd({"--config", file.string()}, outboxd_environment(database, redis));
  // The test's session is the only other one of this database.
  const auto harmed_until_done = [&] {
    database.exec(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND"
        " pid <> pg_backend_pid() AND query LIKE '%LIMIT $1::bigint%SKIP LOCKED%'");
    return count_rows(database, "dispatched_at IS NULL") == 0;
  };
  wait_until(harmed_until_done, std::chrono::seconds(90));
  outboxd->signal(SIGTERM);
  CHECK(outboxd->wait() == 0);
  CHECK(redis.probe().xlen("stream") == 2000);
  CHECK(count_rows(database, "attempts <> 1") == 0);
  CHECK(!contains(outboxd->err(), "taken over by another worker"));
  CHECK(contains(outboxd->err(), "a: Postgres is unavailable"));
  CHECK(contains(outboxd->err(), "b: Postgres is unavailable"));
}
