// SPDX-License-Identifier: Apache-2.0
// Behind a real PgBouncer in transaction mode, where each statement may run in another session of the server.
#include "postgres/pqxx_compat.hpp"
#include "support/caracal_table.hpp"
#include "support/http.hpp"
#include "support/private_pgbouncer.hpp"
#include "support/published.hpp"
#include "support/wait.hpp"

#include <doctest/doctest.h>

#include <csignal>
#include <regex>

using namespace outboxd::test;  // NOLINT(google-build-using-namespace): nearly all of the harness is used here

namespace {

constexpr auto kDeadline = std::chrono::seconds(60);

/// A Postgres that logs every statement.
PrivatePostgres& talkative_postgres() {
  static PrivatePostgres server({.settings = {"log_statement=all", "log_min_duration_statement=-1"}});
  return server;
}

PrivatePgbouncer& shared_pgbouncer() {
  static PrivatePgbouncer server(talkative_postgres());
  return server;
}

/// A database with both tables, and its URL through the pooler.
struct Pooled {
  Database direct;
  Database pooled;

  explicit Pooled(PrivatePgbouncer& pgbouncer = shared_pgbouncer())
      : direct(talkative_postgres().create_database()), pooled(pgbouncer.through(direct)) {
    create_contract_table(direct);
    create_caracal_table(direct);
  }
  [[nodiscard]] Environment environment(const PrivateRedis& redis = shared_redis()) const {
    return outboxd_environment(pooled, redis);
  }
};

/// The state that earlier clients have left in a session of the pool.
struct Remains {
  std::string backend;
  /// Changed settings, except those that PgBouncer sets for each client, and those that each transaction sets itself.
  Rows settings;
  /// Prepared statements, listening channels, advisory locks, cursors, temporary tables.
  Rows objects;

  [[nodiscard]] bool none() const { return settings.empty() && objects.empty(); }
};

Rows rows_of(pqxx::transaction_base& transaction, const std::string& sql) {
  Rows rows;
  for (const auto& row : outboxd::postgres::exec(transaction, sql)) {
    auto& texts = rows.emplace_back();
    for (const auto& field : row) texts.push_back(outboxd::postgres::text_of(field));
  }
  return rows;
}

Remains remains_in(pqxx::transaction_base& transaction) {
  return {rows_of(transaction, "SELECT pg_backend_pid()")[0][0],
          rows_of(transaction,
                  "SELECT name, setting FROM pg_settings WHERE source = 'session' AND name NOT IN ('client_encoding',"
                  " 'DateStyle', 'TimeZone', 'standard_conforming_strings', 'application_name') AND name NOT LIKE "
                  "'transaction_%'"),
          rows_of(transaction,
                  "SELECT 'prepared', name FROM pg_prepared_statements UNION ALL"
                  " SELECT 'listening', channel FROM pg_listening_channels() AS channel UNION ALL"
                  " SELECT 'lock', objid::text FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()"
                  " UNION ALL SELECT 'cursor', name FROM pg_cursors UNION ALL"
                  " SELECT 'temporary', relname::text FROM pg_class WHERE relnamespace = pg_my_temp_schema()")};
}

/// The state of every session of the pool, read by as many clients at the same time.
std::vector<Remains> look_into_all_sessions(const Database& pooled) {
  std::vector<std::unique_ptr<pqxx::connection>> clients;
  std::vector<std::unique_ptr<pqxx::work>> open;
  std::vector<Remains> found;
  for (int i = 0; i < PrivatePgbouncer::kPoolSize; ++i) {
    clients.push_back(pooled.connect());
    open.push_back(std::make_unique<pqxx::work>(*clients.back()));
    found.push_back(remains_in(*open.back()));
  }
  return found;
}

void check_nothing_remains(const Database& pooled) {
  for (const auto& session : look_into_all_sessions(pooled)) {
    std::string remains;
    for (const auto& rows : {session.settings, session.objects}) {
      for (const auto& row : rows) remains += row[0] + " = " + row[1] + "; ";
    }
    CHECK_MESSAGE(session.none(), remains);
  }
}

/// Checks that the server's log, from some point on, has no statement with an effect on its session.
class StatementsSince {
 public:
  StatementsSince() : start_(talkative_postgres().log().size()) {}

  [[nodiscard]] std::string bound_to_a_session() const {
    static const std::regex wanted(
        "(execute|parse|bind) [^<: ]+:|: (LISTEN|UNLISTEN|PREPARE|DECLARE|LOAD)\\b|pg_(try_)?advisory_lock",
        std::regex::icase);
    const auto log = talkative_postgres().log().substr(start_);
    std::string lines;
    for (std::size_t at = 0; at < log.size();) {
      const auto end = std::min(log.find('\n', at), log.size());
      if (const auto line = log.substr(at, end - at); std::regex_search(line, wanted)) lines += line + "\n";
      at = end + 1;
    }
    return lines;
  }

 private:
  std::size_t start_;
};

struct Way {
  std::string name;
  std::vector<std::string> flags;
};

const std::vector<Way> kWays{{"noticed by itself", {}}, {"configured", {"--postgres-pooler", "transaction"}}};

std::vector<std::string> plus(std::vector<std::string> words, const std::vector<std::string>& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

void end_politely(Child& outboxd) {
  outboxd.signal(SIGTERM);
  CHECK(outboxd.wait() == 0);
}

}  // namespace

TEST_CASE("the pool itself: sessions are shared, and the checks see the state that a client leaves") {
  const Pooled databases;
  const auto& pooled = databases.pooled;
  const StatementsSince before;
  CHECK(pooled.scalar("SELECT current_database()") == databases.direct.name);
  {
    const auto client = pooled.connect();
    pqxx::nontransaction session(*client);
    CHECK(std::to_string(client->backendpid()) != rows_of(session, "SELECT pg_backend_pid()")[0][0]);
    CHECK(remains_in(session).none());
    rows_of(session, "SET statement_timeout = 12345");
    rows_of(session, "SELECT pg_advisory_lock(1)");
    rows_of(session, "LISTEN something");
    rows_of(session, "PREPARE something AS SELECT 1");
  }
  CHECK_FALSE(before.bound_to_a_session().empty());
  const auto sessions = look_into_all_sessions(pooled);
  CHECK(sessions[0].backend != sessions[1].backend);
  const auto& used = sessions[0].none() ? sessions[1] : sessions[0];
  CHECK(used.settings == Rows{{"statement_timeout", "12345"}});
  CHECK(used.objects.size() == 3);
}

TEST_CASE("event_outbox behind it: everything is published once, and no session keeps any state") {
  for (const auto& way : kWays) {
    CAPTURE(way.name);
    const Pooled databases;
    // A session that other clients share can't receive notifications.
    REQUIRE(run_outboxd({"migrate", "--wake-ups"}, outboxd_environment(databases.direct)).status == 0);
    const StatementsSince start;
    const auto stream = new_stream("pooled");
    insert_rows(databases.direct, "a", stream, 1000);
    insert_row(databases.direct, "dead", stream, "[]");
    const auto outboxd = start_outboxd(plus({"run", "--poll-interval", "20ms"}, way.flags), databases.environment());
    wait_until([&] { return count_rows(databases.direct, "dispatched_at IS NOT NULL") == 1000; }, kDeadline);
    // While the daemon runs, and after several of its polls.
    insert_rows(databases.direct, "late", stream, 200);
    wait_until([&] { return count_rows(databases.direct, "dispatched_at IS NOT NULL") == 1200; }, kDeadline);
    check_nothing_remains(databases.pooled);
    CHECK(contains(outboxd->err(), "finds rows by polling alone"));
    end_politely(*outboxd);
    check_nothing_remains(databases.pooled);
    CHECK(published(shared_redis().probe(), stream).each_once(1200));
    CHECK(count_rows(databases.direct, "attempts <> 1 OR locked_until IS NOT NULL") == 0);
    CHECK(count_rows(databases.direct, "available_at = 'infinity'") == 1);
    const auto bound = start.bound_to_a_session();
    CHECK_MESSAGE(bound.empty(), bound);
  }
}

TEST_CASE("caracal_outbox behind it: everything is published once, and no session keeps any state") {
  for (const auto& way : kWays) {
    CAPTURE(way.name);
    const Pooled databases;
    const StatementsSince start;
    const auto topic = new_stream("pooled");
    insert_caracal_rows(databases.direct, "a", topic, 1000);
    insert_caracal_row(databases.direct, "dead", topic, "[]");
    const auto outboxd = start_outboxd(plus(for_caracal_table({"run", "--poll-interval", "20ms"}), way.flags),
                                       databases.environment());
    wait_until([&] { return count_caracal_rows(databases.direct, "status = 'published'") == 1000; }, kDeadline);
    insert_caracal_rows(databases.direct, "late", topic, 200);
    wait_until([&] { return count_caracal_rows(databases.direct, "status = 'published'") == 1200; }, kDeadline);
    check_nothing_remains(databases.pooled);
    end_politely(*outboxd);
    check_nothing_remains(databases.pooled);
    CHECK(published(shared_redis().probe(), topic).each_once(1200));
    CHECK(count_caracal_rows(databases.direct, "attempts <> 1") == 0);
    CHECK(count_caracal_rows(databases.direct, "status = 'dead'") == 1);
    const auto bound = start.bound_to_a_session();
    CHECK_MESSAGE(bound.empty(), bound);
  }
}

TEST_CASE("--once behind it; two at the same time share the rows") {
  const Pooled databases;
  const auto stream = new_stream("pooled");
  insert_rows(databases.direct, "a", stream, 5000);
  const auto first = start_outboxd({"--once"}, databases.environment());
  const auto second = start_outboxd({"--once"}, databases.environment());
  CHECK(first->wait(kDeadline) == 0);
  CHECK(second->wait(kDeadline) == 0);
  CHECK(once_counts(first->out()).published + once_counts(second->out()).published == 5000);
  CHECK(published(shared_redis().probe(), stream).each_once(5000));
}

TEST_CASE("migrate, enqueue and status behind it") {
  for (const auto& way : kWays) {
    CAPTURE(way.name);
    const auto direct = talkative_postgres().create_database();
    const auto pooled = shared_pgbouncer().through(direct);
    const auto environment = outboxd_environment(pooled);
    const StatementsSince start;
    for (int run = 0; run < 2; ++run) {
      const auto migrated = run_outboxd(plus({"migrate"}, way.flags), environment);
      CHECK_MESSAGE(migrated.status == 0, migrated.err);
    }
    const auto stream = new_stream("pooled");
    const auto enqueued = run_outboxd(plus({"enqueue", stream, "a=1"}, way.flags), environment);
    CHECK_MESSAGE(enqueued.status == 0, enqueued.err);
    const auto status = run_outboxd(plus({"status"}, way.flags), environment);
    CHECK_MESSAGE(status.status <= 1, status.err);
    CHECK(run_outboxd(plus({"--once"}, way.flags), environment).status == 0);
    CHECK(published(shared_redis().probe(), stream).each_once(1));
    check_nothing_remains(pooled);
    const auto bound = start.bound_to_a_session();
    CHECK_MESSAGE(bound.empty(), bound);
  }
}

TEST_CASE("a row that another session has locked doesn't hold up the others") {
  for (const auto& way : kWays) {
    CAPTURE(way.name);
    PrivateRedis redis;
    const Pooled databases;
    // Locked between claim and settlement, so that the settlement meets the lock.
    redis.probe().command("CLIENT", "PAUSE", "120000", "WRITE");
    insert_rows(databases.direct, "a", "events", 8);
    insert_caracal_rows(databases.direct, "a", "caracal", 8);
    const auto environment = databases.environment(redis);
    const auto events =
        start_outboxd(plus({"run", "--redis-timeout", "60s", "--lease", "300s"}, way.flags), environment);
    const auto caracal = start_outboxd(
        plus(for_caracal_table({"run", "--redis-timeout", "60s", "--lease", "300s"}), way.flags), environment);
    wait_until([&] {
      return count_rows(databases.direct, "locked_until IS NOT NULL") == 8 &&
             count_caracal_rows(databases.direct, "available_at > now()") == 8;
    });
    const auto other = databases.direct.connect();
    pqxx::work lock(*other);
    lock.exec(
        "SELECT FROM event_outbox WHERE id = 'a000003' FOR UPDATE; SELECT FROM caracal_outbox WHERE id = 'a000003'"
        " FOR UPDATE");
    redis.probe().command("CLIENT", "UNPAUSE");
    wait_until([&] {
      return count_rows(databases.direct, "dispatched_at IS NOT NULL") == 7 &&
             count_caracal_rows(databases.direct, "status = 'published'") == 7;
    });
    // Rows that are inserted meanwhile are published, too.
    insert_rows(databases.direct, "b", "events", 20);
    insert_caracal_rows(databases.direct, "b", "caracal", 20);
    wait_until([&] {
      return count_rows(databases.direct, "dispatched_at IS NOT NULL") == 27 &&
             count_caracal_rows(databases.direct, "status = 'published'") == 27;
    });
    lock.abort();
    wait_until([&] {
      return count_rows(databases.direct, "dispatched_at IS NOT NULL AND attempts = 1") == 28 &&
             count_caracal_rows(databases.direct, "status = 'published' AND attempts = 1") == 28;
    });
    CHECK(published(redis.probe(), "events").each_once(28));
    CHECK(published(redis.probe(), "caracal").each_once(28));
    check_nothing_remains(databases.pooled);
  }
}

TEST_CASE("PgBouncer is killed and restarted: readiness shows it, and no row is lost") {
  PrivatePgbouncer pgbouncer(talkative_postgres());
  const Pooled databases(pgbouncer);
  const auto stream = new_stream("pooled");
  const auto topic = new_stream("pooled");
  const auto environment = databases.environment();
  const std::vector<std::string> run{"run",           "--poll-interval", "20ms",    "--lease", "5s",
                                     "--http-listen", "127.0.0.1:0",     "--batch", "5"};
  const auto events = start_outboxd(run, environment);
  const auto caracal = start_outboxd(for_caracal_table(run), environment);
  const auto port = http_port(*events);
  const auto caracal_port = http_port(*caracal);
  const auto both_say = [&](int status) {
    return http_get(port, "/readyz").status == status && http_get(caracal_port, "/readyz").status == status;
  };
  int rows = 0;
  for (int kill = 0; kill < 3; ++kill) {
    wait_until([&] { return both_say(200); });
    insert_rows(databases.direct, "a" + std::to_string(kill), stream, 1000);
    insert_caracal_rows(databases.direct, "a" + std::to_string(kill), topic, 1000);
    wait_until([&] {
      return count_rows(databases.direct, "dispatched_at IS NOT NULL") > rows &&
             count_caracal_rows(databases.direct, "status = 'published'") > rows;
    });
    pgbouncer.kill9();
    wait_until([&] { return both_say(503); });
    pgbouncer.start();
    rows += 1000;
    wait_until(
        [&] {
          return count_rows(databases.direct, "dispatched_at IS NOT NULL") == rows &&
                 count_caracal_rows(databases.direct, "status = 'published'") == rows;
        },
        kDeadline, "all rows to be published");
  }
  end_politely(*events);
  end_politely(*caracal);
  // At least once: rows that were sent but not settled before the lease ended are sent again.
  CHECK(published(shared_redis().probe(), stream).distinct.size() == 3000);
  CHECK(published(shared_redis().probe(), topic).distinct.size() == 3000);
  check_nothing_remains(databases.pooled);
}

TEST_CASE("the rows of a dispatcher that was killed behind it are free when the lease ends, not before") {
  PrivateRedis redis;
  const Pooled databases;
  redis.probe().command("CLIENT", "PAUSE", "120000", "WRITE");
  insert_rows(databases.direct, "a", "events", 5);
  {
    const auto outboxd =
        start_outboxd({"run", "--redis-timeout", "60s", "--lease", "3s"}, databases.environment(redis));
    wait_until([&] { return count_rows(databases.direct, "locked_until IS NOT NULL") == 5; });
    outboxd->signal(SIGKILL);
    outboxd->wait();
  }
  const auto lease_end = databases.direct.scalar("SELECT DISTINCT locked_until FROM event_outbox");
  redis.probe().command("CLIENT", "UNPAUSE");
  const auto next = start_outboxd({"run", "--poll-interval", "50ms"}, databases.environment(redis));
  wait_until([&] { return count_rows(databases.direct, "dispatched_at IS NOT NULL AND attempts = 2") == 5; });
  // Behind a pooler, no session shows whether its worker is alive.
  CHECK(count_rows(databases.direct, "dispatched_at < " + literal(lease_end)) == 0);
  CHECK(published(redis.probe(), "events").distinct.size() == 5);
}
