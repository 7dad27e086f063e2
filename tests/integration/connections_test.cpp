// SPDX-License-Identifier: Apache-2.0
// Connections to Redis and Postgres, and their secrets.
#include "support/fault_proxy.hpp"
#include "support/http.hpp"
#include "support/outbox_table.hpp"
#include "support/signature.hpp"
#include "support/wait.hpp"

#include <doctest/doctest.h>

#include <csignal>

using outboxd::test::contains;
using outboxd::test::contract_database;
using outboxd::test::count_rows;
using outboxd::test::Environment;
using outboxd::test::http_get;
using outboxd::test::http_port;
using outboxd::test::insert_row;
using outboxd::test::once_counts;
using outboxd::test::outboxd_environment;
using outboxd::test::PrivateRedis;
using outboxd::test::read_file;
using outboxd::test::run_outboxd;
using outboxd::test::shared_postgres;
using outboxd::test::start_outboxd;
using outboxd::test::TempDir;
using outboxd::test::wait_until;
using outboxd::test::with;

namespace {

// With characters that a URL must escape.
constexpr const char* kDefaultPassword = "pw-default/1@2:3";
constexpr const char* kDefaultPasswordEscaped = "pw-default%2F1%402%3A3";
constexpr const char* kUserPassword = "pw-of-alice";

PrivateRedis& guarded_redis() {
  static PrivateRedis redis({std::string("requirepass ") + kDefaultPassword,
                             std::string("user alice on >") + kUserPassword + " ~* &* +@all"});
  return redis;
}

/// Publishes one row over the connection that these variables describe, and returns the entries of its stream.
std::int64_t published_with(const Environment& redis_variables, const std::string& database_number = "0",
                            const std::vector<std::string>& flags = {}) {
  const auto database = contract_database();
  const auto stream = outboxd::test::new_stream("way");
  insert_row(database, "a", stream, "{}");
  auto environment = with(outboxd_environment(database), {{"REDIS_URL", ""}});
  std::vector<std::string> command{"--once"};
  command.insert(command.end(), flags.begin(), flags.end());
  const auto ended = run_outboxd(command, with(environment, redis_variables));
  CHECK_MESSAGE(ended.status == 0, ended.err);
  for (const std::string secret : {"pw-default", kUserPassword}) CHECK(!contains(ended.out + ended.err, secret));
  auto probe = guarded_redis().probe();
  probe.command("AUTH", kDefaultPassword);
  probe.command("SELECT", database_number);
  return probe.xlen(stream);
}

std::string address() {
  return "127.0.0.1:" + std::to_string(guarded_redis().port());
}

}  // namespace

TEST_CASE("Redis by URL: password, user and password, database number") {
  const std::string password = std::string(":") + kDefaultPasswordEscaped + "@";
  CHECK(published_with({{"REDIS_URL", "redis://" + password + address()}}) == 1);
  CHECK(published_with({{"REDIS_URL", "redis://" + password + address() + "/0"}}) == 1);
  CHECK(published_with({{"REDIS_URL", "redis://default" + password + address() + "/3"}}, "3") == 1);
  CHECK(published_with({{"REDIS_URL", std::string("redis://alice:") + kUserPassword + "@" + address() + "/2"}},
                       "2") == 1);
}

TEST_CASE("Redis by Unix socket") {
  const auto path = guarded_redis().unix_socket().string();
  const TempDir folder;
  folder.write("password", std::string(kDefaultPassword) + "\n");
  const Environment file{{"REDIS_PASSWORD_FILE", (folder / "password").string()}};
  CHECK(published_with(with(file, {{"REDIS_URL", "unix://" + path}})) == 1);
  CHECK(published_with(with(file, {{"REDIS_URL", "unix://" + path + "?db=4"}}), "4") == 1);
}

TEST_CASE("Redis by host, port and password, each a variable, a file or a flag") {
  const TempDir folder;
  folder.write("password", std::string(kDefaultPassword) + "\n");
  folder.write("alice", std::string(kUserPassword) + "\n");
  folder.write("url", std::string("redis://alice:") + kUserPassword + "@" + address() + "\n");
  const Environment where{{"REDIS_HOST", "127.0.0.1"}, {"REDIS_PORT", std::to_string(guarded_redis().port())}};
  CHECK(published_with(with(where, {{"REDIS_PASSWORD", kDefaultPassword}})) == 1);
  CHECK(published_with(with(where, {{"REDIS_PASSWORD_FILE", (folder / "password").string()}})) == 1);
  CHECK(published_with(where, "5",
                       {"--redis-username", "alice", "--redis-password-file", (folder / "alice").string(),
                        "--redis-database", "5"}) == 1);
  CHECK(published_with({{"REDIS_URL_FILE", (folder / "url").string()}}) == 1);
}

TEST_CASE("a wrong or missing Redis password, or an unknown user: the error has no password, and no row is touched") {
  const auto database = contract_database();
  insert_row(database, "a", "stream", "{}");
  const auto refused = [&](const std::string& url) {
    const auto ended = run_outboxd({"--once"}, with(outboxd_environment(database), {{"REDIS_URL", url}}));
    CHECK(ended.status == 2);
    CHECK(once_counts(ended.out).claimed == 0);
    CHECK(count_rows(database, "attempts = 0 AND locked_until IS NULL") == 1);
    CHECK(contains(ended.err, address()));
    CHECK(!contains(ended.out + ended.err, "pw-wrong"));
    return ended.err;
  };
  CHECK(contains(refused("redis://:pw-wrong@" + address()), "WRONGPASS"));
  CHECK(contains(refused("redis://nobody:pw-wrong@" + address()), "WRONGPASS"));
  CHECK(contains(refused("redis://" + address()), "NOAUTH"));
}

TEST_CASE("Postgres by URL over TCP and by conninfo over the Unix socket") {
  for (const bool tcp : {true, false}) {
    const auto database = contract_database();
    insert_row(database, "a", outboxd::test::new_stream(), "{}");
    const auto ended = run_outboxd(
        {"--once"}, with(outboxd_environment(database), {{"DATABASE_URL", tcp ? database.url : database.conninfo}}));
    CHECK_MESSAGE(ended.status == 0, ended.err);
    CHECK(count_rows(database, "dispatched_at IS NOT NULL") == 1);
  }
}

TEST_CASE("a host that accepts connections and closes them, like a balancer without servers, is skipped") {
  outboxd::test::FaultProxy dead(shared_postgres().port());
  dead.refuse(true);
  const auto database = contract_database();
  const auto ports = [&](std::uint16_t port) { return "127.0.0.1:" + std::to_string(port); };
  const auto environment =
      with(outboxd_environment(database),
           {{"DATABASE_URL", "postgresql://postgres@" + ports(dead.port()) + "," + ports(shared_postgres().port()) +
                                 "/" + database.name + "?target_session_attrs=read-write"}});
  const auto outboxd = start_outboxd({"run"}, environment);
  insert_row(database, "a", outboxd::test::new_stream(), "{}");
  wait_until([&] { return count_rows(database, "dispatched_at IS NOT NULL") == 1; });
}

TEST_CASE("Postgres with a password: right, from a file, and wrong") {
  const auto database = contract_database();
  const auto role = "secretive_" + database.name;
  database.exec("SET password_encryption = 'scram-sha-256'; CREATE ROLE " + role +
                " LOGIN PASSWORD 'pw-postgres@1'; GRANT SELECT, UPDATE ON event_outbox TO " + role);
  // Before the lines that trust all other roles.
  database.exec("DO $$ BEGIN EXECUTE format('COPY (VALUES (%L), (%L), (%L)) TO %L', 'host all " + role +
                " 127.0.0.1/32 scram-sha-256', 'host all all 127.0.0.1/32 trust', 'local all all trust',"
                " current_setting('hba_file')); END $$");
  database.exec("SELECT pg_reload_conf()");
  const auto url_with = [&](const std::string& password) {
    return "postgresql://" + role + password + "@127.0.0.1:" + std::to_string(shared_postgres().port()) + "/" +
           database.name;
  };
  wait_until(
      [&] {
        return run_outboxd({"--once"}, with(outboxd_environment(database), {{"DATABASE_URL", url_with("")}}))
                   .status == 2;
      },
      std::chrono::seconds(20), "Postgres to ask for a password");
  insert_row(database, "a", outboxd::test::new_stream(), "{}");
  const auto wrong =
      run_outboxd({"--once"}, with(outboxd_environment(database), {{"DATABASE_URL", url_with(":pw-wrong")}}));
  CHECK(wrong.status == 2);
  CHECK(contains(wrong.err, role));
  CHECK(!contains(wrong.out + wrong.err, "pw-wrong"));
  CHECK(count_rows(database, "attempts = 0 AND locked_until IS NULL") == 1);

  const TempDir folder;
  folder.write("url", url_with(":pw-postgres%401") + "\n");
  const auto jdbc = "jdbc:postgresql://127.0.0.1:" + std::to_string(shared_postgres().port()) + "/" + database.name +
                    "?user=" + role + "&password=pw-postgres@1&currentSchema=public";
  for (const Environment& changes : {Environment{{"DATABASE_URL", url_with(":pw-postgres%401")}},
                                     // As other drivers accept them
                                     {{"DATABASE_URL", url_with(":pw-postgres@1") + "?schema=public&pgbouncer=true"}},
                                     {{"DATABASE_URL", jdbc}},
                                     {{"DATABASE_URL", ""}, {"DATABASE_URL_FILE", (folder / "url").string()}}}) {
    database.exec("UPDATE event_outbox SET dispatched_at = NULL");
    const auto right = run_outboxd({"--once"}, with(outboxd_environment(database), changes));
    CHECK_MESSAGE(right.status == 0, right.err);
    CHECK(!contains(right.out + right.err, "pw-postgres"));
    CHECK(count_rows(database, "dispatched_at IS NOT NULL") == 1);
  }
}

TEST_CASE("no secret in the log, in config show, in the metrics, or on the command line") {
  const auto database = contract_database();
  const TempDir folder;
  folder.write("key", outboxd::test::test_key() + "\n");
  const auto url =
      "postgresql://postgres:pw-postgres@127.0.0.1:" + std::to_string(shared_postgres().port()) + "/" + database.name;
  const Environment environment{{"DATABASE_URL", url},
                                {"REDIS_URL", std::string("redis://alice:") + kUserPassword + "@" + address()},
                                {"STREAMS_HMAC_KEY_FILE", (folder / "key").string()},
                                {"METRICS_BEARER", "bearer-token-1"},
                                {"LOG_LEVEL", "trace"}};
  const auto outboxd = start_outboxd({"run", "--http-listen", "127.0.0.1:0"}, environment);
  const auto port = http_port(*outboxd);
  wait_until([&] { return http_get(port, "/readyz").status == 200; });
  insert_row(database, "a", outboxd::test::new_stream(), "[]");
  insert_row(database, "b", outboxd::test::new_stream(), "{}");
  wait_until([&] { return count_rows(database, "attempts = 1 AND locked_until IS NULL") == 2; });
  auto shown = read_file("/proc/" + std::to_string(outboxd->pid()) + "/cmdline");
  CHECK(contains(shown, "outboxd"));
  const auto metrics = http_get(port, "/metrics", {{"Authorization", "Bearer bearer-token-1"}});
  CHECK(metrics.status == 200);
  shown += metrics.body + http_get(port, "/readyz").body;
  outboxd->signal(SIGTERM);
  CHECK(outboxd->wait() == 0);
  shown += outboxd->out() + outboxd->err();
  for (const bool json : {false, true}) {
    const auto show = run_outboxd(
        json ? std::vector<std::string>{"config", "show", "--json"} : std::vector<std::string>{"config", "show"},
        environment);
    CHECK(show.status == 0);
    shown += show.out + show.err;
  }
  for (const std::string secret : {"pw-postgres", kUserPassword, "bearer-token-1", "0001020304"}) {
    CHECK_MESSAGE(!contains(shown, secret), secret);
  }
}
