// SPDX-License-Identifier: Apache-2.0
// outboxd beside the services' in-process dispatchers: every row arrives exactly once.
#include "support/caracal_table.hpp"
#include "support/coordinator_publisher.hpp"
#include "support/older_dispatcher.hpp"
#include "support/published.hpp"
#include "support/wait.hpp"

#include <doctest/doctest.h>

#include <csignal>

using outboxd::test::caracal_database;
using outboxd::test::CoordinatorPublisher;
using outboxd::test::count_caracal_rows;
using outboxd::test::count_rows;
using outboxd::test::for_caracal_table;
using outboxd::test::insert_caracal_row;
using outboxd::test::insert_caracal_rows;
using outboxd::test::new_stream;
using outboxd::test::OlderDispatcher;
using outboxd::test::once_counts;
using outboxd::test::outboxd_environment;
using outboxd::test::PrivateRedis;
using outboxd::test::published;
using outboxd::test::Rows;
using outboxd::test::run_outboxd;
using outboxd::test::shared_redis;
using outboxd::test::start_outboxd;
using outboxd::test::TempDir;
using outboxd::test::wait_until;

namespace {

constexpr auto kDeadline = std::chrono::seconds(90);

/// The columns that both sides write for a row that was published at the first attempt.
constexpr const char* kNotPublishedOnce =
    "status <> 'published' OR attempts <> 1 OR published_at IS NULL OR updated_at < published_at";

}  // namespace

TEST_CASE("the Coordinator's publisher itself: order, fields, signature, outcomes") {
  const auto database = caracal_database();
  const auto topic = new_stream("coordinator");
  const auto refused = new_stream("coordinator-refused");
  shared_redis().probe().command("SET", refused, "a string");
  insert_caracal_row(database, "b", topic, R"({"n": 9007199254740993, "gone": null, "on": true, "text": "ä"})");
  insert_caracal_row(database, "a", topic, "{}");
  insert_caracal_row(database, "bad", refused, "{}");
  insert_caracal_row(database, "last", refused, "{}");
  database.exec("UPDATE caracal_outbox SET attempts = 9 WHERE id = 'last'");
  CoordinatorPublisher publisher(database, shared_redis());
  const auto turn = publisher.turn();
  CHECK(turn.published == 2);
  CHECK(turn.failed == 2);
  CHECK(publisher.turn().rows() == 0);
  const auto found = published(shared_redis().probe(), topic);
  CHECK(found.ids == std::vector<std::string>{"b", "a"});
  CHECK(found.badly_signed == 0);
  const auto fields = shared_redis().probe().xrange(topic).at(0).fields;
  REQUIRE(fields.size() == 7);
  CHECK(fields[1] == std::pair<std::string, std::string>{"dedupe_key", "key-b"});
  CHECK(fields[2] == std::pair<std::string, std::string>{"n", "9007199254740993"});
  CHECK(fields[4] == std::pair<std::string, std::string>{"gone", "null"});
  CHECK(database.rows("SELECT id, status, attempts, available_at > now() FROM caracal_outbox WHERE published_at IS"
                      " NULL ORDER BY id") == Rows{{"bad", "pending", "1", "t"}, {"last", "dead", "10", "t"}});
  CHECK(count_caracal_rows(database, std::string("topic = '") + topic + "' AND (" + kNotPublishedOnce + ")") == 0);
}

TEST_CASE("the Coordinator's publisher and outboxd drain 4,000 rows together, each row once") {
  const auto database = caracal_database();
  const std::vector<std::string> topics{new_stream("both"), new_stream("both")};
  // In turns, so that batches of both sides have rows of both.
  for (int part = 0; part < 10; ++part) {
    for (const auto& topic : topics) {
      insert_caracal_rows(database, topic + "-" + std::to_string(part) + "-", topic, 200);
    }
  }
  const auto outboxd = start_outboxd(for_caracal_table({"run", "--batch", "20"}), outboxd_environment(database));
  CoordinatorPublisher publisher(database, shared_redis(), 7);
  int by_publisher = 0;
  int more = 0;
  wait_until(
      [&] {
        by_publisher += publisher.turn().published;
        // Rows that are inserted while both run are shared as well.
        if (++more % 10 == 0 && more <= 100) {
          insert_caracal_rows(database, "more-" + std::to_string(more) + "-", topics[0], 20);
        }
        return more > 100 && count_caracal_rows(database, "status = 'pending'") == 0;
      },
      kDeadline, "both to drain the table");
  outboxd->signal(SIGTERM);
  CHECK(outboxd->wait() == 0);
  // Both must have published rows; otherwise the test proves nothing about sharing.
  CHECK(by_publisher > 0);
  CHECK(by_publisher < 4200);
  CHECK(published(shared_redis().probe(), topics[0]).each_once(2200));
  CHECK(published(shared_redis().probe(), topics[1]).each_once(2000));
  CHECK(count_caracal_rows(database, kNotPublishedOnce) == 0);
}

TEST_CASE("rows that the publisher has locked are left to it, however long its transaction takes") {
  const auto database = caracal_database();
  const auto topic = new_stream("held");
  insert_caracal_rows(database, "a", topic, 100);
  CoordinatorPublisher publisher(database, shared_redis(), 10);
  const auto turn = publisher.turn([&] {
    // Several times as long as the lease, as the publisher's row locks don't expire.
    for (int run = 0; run < 2; ++run) {
      const auto ended =
          run_outboxd(for_caracal_table({"--once", "--lease", "1s"}), outboxd_environment(database), "", kDeadline);
      CHECK(once_counts(ended.out).published == (run == 0 ? 90 : 0));
    }
    CHECK(count_caracal_rows(database, "status = 'pending' AND attempts = 0 AND available_at = created_at") == 10);
  });
  CHECK(turn.published == 10);
  CHECK(published(shared_redis().probe(), topic).each_once(100));
  CHECK(count_caracal_rows(database, kNotPublishedOnce) == 0);
}

TEST_CASE("rows that outboxd has leased are left to it while it waits for Redis") {
  PrivateRedis redis;
  const auto database = caracal_database();
  insert_caracal_rows(database, "a", "stream", 5);
  // Redis delays its answers: the written entries are kept, and count when writes continue.
  redis.probe().command("CLIENT", "PAUSE", "120000", "WRITE");
  const auto outboxd = start_outboxd(for_caracal_table({"run", "--redis-timeout", "60s", "--lease", "300s"}),
                                     outboxd_environment(database, redis));
  wait_until([&] { return count_caracal_rows(database, "available_at > now()") == 5; });
  CoordinatorPublisher publisher(database, redis);
  CHECK(publisher.turn().rows() == 0);
  redis.probe().command("CLIENT", "UNPAUSE");
  wait_until([&] { return count_caracal_rows(database, "status = 'published'") == 5; });
  CHECK(publisher.turn().rows() == 0);
  CHECK(published(redis.probe(), "stream").each_once(5));
  CHECK(count_caracal_rows(database, kNotPublishedOnce) == 0);
}

TEST_CASE("one process drains both tables beside the in-process dispatchers of both services") {
  const auto database = outboxd::test::contract_database();
  outboxd::test::create_caracal_table(database);
  const auto policy = new_stream("policy");
  const auto sessions = new_stream("sessions");
  outboxd::test::insert_rows(database, "event-", policy, 2000);
  insert_caracal_rows(database, "caracal-", sessions, 2000);
  const TempDir folder;
  const auto file = folder.write("outboxd.toml", R"(
[[dispatcher]]
name = "api"
profile = "api"
poll_interval = "20ms"

[[dispatcher]]
name = "coordinator"
profile = "coordinator"
layout = "caracal_outbox"
poll_interval = "20ms"
)");
  const auto outboxd = start_outboxd({"run", "--config", file.string()}, outboxd_environment(database));
  OlderDispatcher older(database, shared_redis(), 5);
  CoordinatorPublisher publisher(database, shared_redis(), 5);
  int by_older = 0;
  int by_publisher = 0;
  wait_until(
      [&] {
        by_older += older.turn();
        by_publisher += publisher.turn().published;
        return count_rows(database, "dispatched_at IS NULL") == 0 &&
               count_caracal_rows(database, "status = 'pending'") == 0;
      },
      kDeadline, "all of them to drain both tables");
  outboxd->signal(SIGTERM);
  CHECK(outboxd->wait() == 0);
  for (const int share : {by_older, by_publisher}) {
    CHECK(share > 0);
    CHECK(share < 2000);
  }
  CHECK(published(shared_redis().probe(), policy).each_once(2000));
  CHECK(published(shared_redis().probe(), sessions).each_once(2000));
  CHECK(count_rows(database, "attempts <> 1") == 0);
  CHECK(count_caracal_rows(database, kNotPublishedOnce) == 0);
}
