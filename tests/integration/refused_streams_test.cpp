// SPDX-License-Identifier: Apache-2.0
// Refusals of Redis that no row is to blame for: of everything, or of one stream. No row dies of them, in either
// table.
#include "support/caracal_table.hpp"
#include "support/fake_redis.hpp"
#include "support/http.hpp"
#include "support/outbox_table.hpp"
#include "support/wait.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <functional>
#include <memory>

using outboxd::test::answering;
using outboxd::test::caracal_database;
using outboxd::test::contains;
using outboxd::test::contract_database;
using outboxd::test::Database;
using outboxd::test::FakeRedis;
using outboxd::test::healthy_answer;
using outboxd::test::http_get;
using outboxd::test::http_port;
using outboxd::test::insert_caracal_rows;
using outboxd::test::insert_rows;
using outboxd::test::once_counts;
using outboxd::test::outboxd_environment;
using outboxd::test::PrivateRedis;
using outboxd::test::run_outboxd;
using outboxd::test::start_outboxd;
using outboxd::test::wait_until;
using outboxd::test::with;

namespace {

/// Both tables, with the Coordinator's tuning.
struct Kind {
  std::string table;
  std::string is_published;
  std::string is_dead;

  [[nodiscard]] Database database() const {
    return table == "event_outbox" ? contract_database() : caracal_database();
  }
  void insert(const Database& database, const std::string& prefix, const std::string& stream, int count) const {
    table == "event_outbox" ? insert_rows(database, prefix, stream, count)
                            : insert_caracal_rows(database, prefix, stream, count);
  }
  [[nodiscard]] std::int64_t count(const Database& database, const std::string& condition) const {
    return std::stoll(database.scalar("SELECT count(*) FROM " + table + " WHERE " + condition));
  }
  [[nodiscard]] std::vector<std::string> command(std::vector<std::string> words) const {
    for (const auto* word : {"--profile", "coordinator", "--poll-interval", "20ms", "--layout"})
      words.emplace_back(word);
    words.push_back(table);
    return words;
  }
};

const std::vector<Kind> kKinds{{"event_outbox", "dispatched_at IS NOT NULL", "available_at = 'infinity'"},
                               {"caracal_outbox", "status = 'published'", "status = 'dead'"}};

const std::vector<std::string> kRun{"run", "--http-listen", "127.0.0.1:0", "--probe-max", "200ms"};

struct Daemon {
  Daemon(const Kind& kind, const Database& database, const outboxd::test::Environment& environment)
      : outboxd{start_outboxd(kind.command(kRun), environment)}, port{http_port(*outboxd)} {
    wait_until([&] { return ready().status == 200; });
    (void)database;
  }
  [[nodiscard]] outboxd::test::HttpResponse ready() const { return http_get(port, "/readyz"); }
  [[nodiscard]] bool shows(const std::string& sample) const {
    return contains(http_get(port, "/metrics").body, sample + "\n");
  }

  std::unique_ptr<outboxd::test::Child> outboxd;
  std::uint16_t port;
};

}  // namespace

TEST_CASE("a key of another type: the stream is named, its rows wait with their attempts, and other streams go on") {
  for (const auto& kind : kKinds) {
    CAPTURE(kind.table);
    const PrivateRedis redis;
    const auto database = kind.database();
    const Daemon daemon(kind, database, outboxd_environment(database, redis));
    redis.probe().command("SET", "wrong", "a string");
    kind.insert(database, "a", "wrong", 5'000);
    wait_until([&] { return daemon.shows("outboxd_blocked_streams{dispatcher=\"outbox\"} 1"); });
    for (int i = 0; i < 20; ++i) {
      const auto prefix = "b" + std::to_string(i) + "-";
      kind.insert(database, prefix, "good", 100);
      wait_until([&] { return kind.count(database, "id LIKE '" + prefix + "%' AND " + kind.is_published) == 100; });
    }
    const auto ready = daemon.ready();
    CHECK(ready.status == 200);
    CHECK_MESSAGE(contains(ready.body, "stream wrong is blocked since "), ready.body);
    CHECK_MESSAGE(contains(ready.body, "Z (Redis refuses: WRONGTYPE"), ready.body);
    CHECK_MESSAGE(contains(daemon.outboxd->err(), "stream wrong is blocked (Redis refuses: WRONGTYPE"),
                  daemon.outboxd->err());
    CHECK(kind.count(database, kind.is_dead) == 0);
    CHECK(kind.count(database, "id LIKE 'a%' AND attempts > 1") == 0);
    // They are not claimed repeatedly.
    if (kind.table == "event_outbox") CHECK(kind.count(database, "id LIKE 'a%' AND locked_by IS NOT NULL") < 2'500);
    redis.probe().command("DEL", "wrong");
    wait_until([&] { return kind.count(database, kind.is_published + " AND attempts = 1") == 7'000; });
    CHECK(redis.probe().xlen("wrong") == 5'000);
    wait_until([&] { return daemon.shows("outboxd_blocked_streams{dispatcher=\"outbox\"} 0"); });
    CHECK(daemon.ready().body.starts_with("ready\noutbox: ready since "));
    CHECK(!contains(daemon.ready().body, "blocked"));
    CHECK(contains(daemon.outboxd->err(), "stream wrong is no longer blocked"));
  }
}

TEST_CASE("no right to a key: the stream's rows are published as soon as the right is granted") {
  const auto& kind = kKinds.front();
  const PrivateRedis redis;
  const auto database = kind.database();
  redis.probe().command("ACL", "SETUSER", "relay", "on", ">pw", "~good", "+xadd");
  const auto url = "redis://relay:pw@127.0.0.1:" + std::to_string(redis.port());
  const Daemon daemon(kind, database, with(outboxd_environment(database, redis), {{"REDIS_URL", url}}));
  kind.insert(database, "a", "denied", 100);
  wait_until([&] {
    const auto body = daemon.ready().body;
    return contains(body, "stream denied is blocked since ") && contains(body, "Z (Redis refuses: NOPERM");
  });
  kind.insert(database, "b", "good", 100);
  wait_until([&] { return kind.count(database, kind.is_published) == 100; });
  redis.probe().command("ACL", "SETUSER", "relay", "~denied");
  wait_until([&] { return kind.count(database, kind.is_published + " AND attempts = 1") == 200; });
}

TEST_CASE("a proxy that answers every command with an unknown error: no row dies, and readiness falls") {
  for (const auto& kind : kKinds) {
    for (const std::string words : {"upstream failure", "ERR max daily request limit exceeded"}) {
      CAPTURE(kind.table);
      CAPTURE(words);
      std::atomic<bool> down = false;
      const FakeRedis redis(answering([&](const std::vector<std::string>& command) {
        return down ? "-" + words + "\r\n" : healthy_answer(command);
      }));
      const auto database = kind.database();
      const auto url = "redis://127.0.0.1:" + std::to_string(redis.port());
      // A FakeRedis serves one connection at a time.
      const Daemon daemon(
          kind, database,
          with(outboxd_environment(database), {{"REDIS_URL", url}, {"OUTBOXD_METRICS_STREAMS_INTERVAL", "0s"}}));
      down = true;
      kind.insert(database, "a", "stream", 20);
      wait_until([&] { return daemon.ready().status == 503; });
      CHECK(contains(daemon.ready().body, words));
      // By then ten attempts would be used up, if they were spent.
      const auto connections = redis.connections();
      wait_until([&] { return redis.connections() >= connections + 20; });
      CHECK(kind.count(database, kind.is_dead + " OR attempts > 1") == 0);
      down = false;
      wait_until([&] { return kind.count(database, kind.is_published + " AND attempts = 1") == 20; });
      wait_until([&] { return daemon.ready().status == 200; });
    }
  }
}

TEST_CASE("a server that answers each XADD twice: no row is marked published that it did not accept") {
  for (const auto& kind : kKinds) {
    CAPTURE(kind.table);
    const FakeRedis redis(answering([](const std::vector<std::string>& command) {
      const auto answer = healthy_answer(command);
      return command.front() == "XADD" ? answer + answer : answer;
    }));
    const auto database = kind.database();
    kind.insert(database, "a", "stream", 200);
    const auto url = "redis://127.0.0.1:" + std::to_string(redis.port());
    const auto ended =
        run_outboxd(kind.command({"--once"}), with(outboxd_environment(database), {{"REDIS_URL", url}}));
    CHECK(ended.status != 0);
    CHECK(once_counts(ended.out).published == 0);
    CHECK(kind.count(database, kind.is_published) == 0);
  }
}
