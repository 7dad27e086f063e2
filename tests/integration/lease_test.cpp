// SPDX-License-Identifier: Apache-2.0
// Rows whose lease is lost to another worker, or left by a dispatcher that was killed.
#include "postgres/pqxx_compat.hpp"
#include "support/http.hpp"
#include "support/outbox_table.hpp"
#include "support/wait.hpp"

#include <doctest/doctest.h>

#include <csignal>
#include <set>

using outboxd::test::Child;
using outboxd::test::contains;
using outboxd::test::contract_database;
using outboxd::test::count_rows;
using outboxd::test::Database;
using outboxd::test::http_get;
using outboxd::test::http_port;
using outboxd::test::insert_rows;
using outboxd::test::outboxd_environment;
using outboxd::test::PrivateRedis;
using outboxd::test::Rows;
using outboxd::test::start_outboxd;
using outboxd::test::wait_until;

namespace {

struct HangingWrite {
  std::unique_ptr<Child> outboxd;
  std::uint16_t port = 0;
};

/// A daemon that has claimed `rows` rows and waits for a Redis that doesn't answer.
HangingWrite hang(const Database& database, PrivateRedis& redis, int rows) {
  auto outboxd = start_outboxd(
      {"run", "--http-listen", "127.0.0.1:0", "--poll-interval", "20ms", "--redis-timeout", "60s", "--lease", "300s"},
      outboxd_environment(database, redis));
  const auto port = http_port(*outboxd);
  wait_until([&] { return http_get(port, "/readyz").status == 200; });
  redis.pause();
  insert_rows(database, "a", "stream", rows);
  wait_until([&] { return count_rows(database, "locked_until IS NOT NULL") == rows; });
  return {std::move(outboxd), port};
}

}  // namespace

TEST_CASE("an outcome is not written to a row that another worker has claimed meanwhile") {
  PrivateRedis redis;
  const auto database = contract_database();
  const auto hanging = hang(database, redis, 3);
  database.exec(
      "UPDATE event_outbox SET locked_by = 'another', attempts = 7, locked_until = now() + interval '1 hour'"
      " WHERE id = 'a000002'");
  redis.resume();
  wait_until([&] { return count_rows(database, "dispatched_at IS NOT NULL") == 2; });
  CHECK(database.rows("SELECT dispatched_at, locked_by, attempts, locked_until > now() FROM event_outbox WHERE id ="
                      " 'a000002'") == Rows{{"NULL", "another", "7", "t"}});
  wait_until([&] {
    return contains(http_get(hanging.port, "/metrics").body, "outboxd_leases_lost_total{dispatcher=\"outbox\"} 1");
  });
}

TEST_CASE(
    "the rows of a dispatcher that was killed are free long before their lease ends; other leases are honoured") {
  PrivateRedis redis;
  const auto database = contract_database();
  const auto hanging = hang(database, redis, 5);
  hanging.outboxd->signal(SIGKILL);
  hanging.outboxd->wait();
  insert_rows(database, "b", "stream", 1);
  database.exec(
      "UPDATE event_outbox SET locked_by = 'another:1:0123abcd', attempts = 1,"
      " locked_until = now() + interval '1 hour' WHERE id LIKE 'b%'");
  redis.resume();
  const auto next = start_outboxd({"run", "--http-listen", "127.0.0.1:0"}, outboxd_environment(database, redis));
  // The lease is 300 s, and this waits for at most 20 s.
  wait_until([&] { return count_rows(database, "dispatched_at IS NOT NULL AND attempts = 2") == 5; });
  CHECK(contains(next->err(), "is dead (its Postgres sessions are gone)"));
  CHECK(count_rows(database, "locked_by = 'another:1:0123abcd' AND dispatched_at IS NULL") == 1);
  // At least once: the write of the killed dispatcher may have arrived as well.
  std::set<std::string> ids;
  for (const auto& entry : redis.probe().xrange("stream")) ids.insert(entry.at("outbox_id"));
  CHECK(ids.size() == 5);
}

TEST_CASE("the lease of a dispatcher that hangs but is alive is honoured") {
  PrivateRedis redis;
  const auto database = contract_database();
  const auto hanging = hang(database, redis, 5);
  hanging.outboxd->signal(SIGSTOP);
  redis.resume();
  const auto other = start_outboxd({"run", "--http-listen", "127.0.0.1:0", "--poll-interval", "100ms"},
                                   outboxd_environment(database, redis));
  const auto port = http_port(*other);
  // Sixty polls take six seconds: three times as long as it takes to free a dead worker's rows.
  wait_until([&] {
    const auto page = http_get(port, "/metrics").body;
    const std::string_view series = "outboxd_claim_seconds_count{dispatcher=\"outbox\"} ";
    const auto at = page.find(series);
    return at != std::string::npos && std::stoi(page.substr(at + series.size())) >= 60;
  });
  CHECK(count_rows(database, "locked_until > now() AND attempts = 1") == 5);
  hanging.outboxd->signal(SIGCONT);
  wait_until([&] { return count_rows(database, "dispatched_at IS NOT NULL AND attempts = 1") == 5; });
  // Its log reports that it was the process that hung, and blames no server.
  wait_until([&] { return contains(hanging.outboxd->err(), "the process was not running for "); });
  CHECK_FALSE(contains(hanging.outboxd->err(), "Postgres is unavailable"));
}

TEST_CASE("if another session has locked a dead worker's row, the worker's other rows are still freed") {
  PrivateRedis redis;
  const auto database = contract_database();
  insert_rows(database, "a", "stream", 3);
  database.exec(
      "UPDATE event_outbox SET attempts = 1, locked_by = 'outboxd:host:1:nobody', locked_until = now() + interval '1 "
      "hour'");
  const auto other = database.connect();
  pqxx::work transaction{*other};
  outboxd::postgres::exec(transaction, "SELECT FROM event_outbox WHERE id = 'a000002' FOR UPDATE");
  const auto outboxd = start_outboxd({"run", "--poll-interval", "20ms"}, outboxd_environment(database, redis));
  wait_until([&] { return count_rows(database, "dispatched_at IS NOT NULL") == 2; });
  transaction.commit();
  wait_until([&] { return count_rows(database, "dispatched_at IS NOT NULL") == 3; });
}

TEST_CASE("a row that may have killed its dispatchers is claimed alone, and its neighbours lose no attempts") {
  PrivateRedis redis;
  const auto database = contract_database();
  insert_rows(database, "a", "stream", 6);
  // As if two dispatchers had died with these four rows in flight.
  database.exec(
      "UPDATE event_outbox SET attempts = 2, locked_by = 'gone', locked_until = now() - interval '1 s'"
      " WHERE id <= 'a000004'; UPDATE event_outbox SET attempts = 2, last_error = 'WRONGTYPE' WHERE id = 'a000005'");
  const auto outboxd = start_outboxd({"run", "--max-attempts", "3"}, outboxd_environment(database, redis));
  wait_until([&] { return count_rows(database, "dispatched_at IS NOT NULL") == 6; });
  std::string ids;
  for (const auto& entry : redis.probe().xrange("stream")) ids += entry.at("outbox_id").back();
  // A row that was retried for another reason is sent with the batch, and the four follow.
  CHECK(ids == "561234");
  CHECK(count_rows(database, "attempts = 3") == 5);
  CHECK(redis.probe().xlen("stream") == 6);
}

TEST_CASE("rows that were in flight when ten dispatchers died are published, as none of them is at fault") {
  PrivateRedis redis;
  const auto database = contract_database();
  auto probe = redis.probe();
  // No entry reaches Redis, but a new dispatcher still gets answers from it.
  probe.command("CLIENT", "PAUSE", "120000", "WRITE");
  insert_rows(database, "a", "stream", 60);
  const auto start = [&] {
    return start_outboxd({"run", "--max-attempts", "5", "--redis-timeout", "60s", "--lease", "300s"},
                         outboxd_environment(database, redis));
  };
  for (int i = 0; i < 10; ++i) {
    const auto outboxd = start();
    const auto worker =
        "locked_by LIKE 'outboxd:%:" + std::to_string(outboxd->pid()) + ":%' AND locked_until > now()";
    wait_until([&] { return count_rows(database, worker) > 0; });
    outboxd->signal(SIGKILL);
    outboxd->wait();
    // As if the lease had expired.
    database.exec("UPDATE event_outbox SET locked_until = now() - interval '1 s' WHERE locked_until IS NOT NULL");
  }
  CHECK(count_rows(database, "attempts > 1") > 0);
  probe.command("CLIENT", "UNPAUSE");
  const auto outboxd = start();
  wait_until([&] { return count_rows(database, "dispatched_at IS NOT NULL") == 60; });
}
