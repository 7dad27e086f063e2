// SPDX-License-Identifier: Apache-2.0
// `outboxd doctor`: incidents, each of which it must name with a remedy; and servers with which all is well.
#include "postgres/operator_session.hpp"
#include "support/caracal_table.hpp"
#include "support/fake_redis.hpp"
#include "support/outbox_table.hpp"
#include "support/private_pgbouncer.hpp"
#include "support/signature.hpp"
#include "support/socket.hpp"
#include "support/temp_dir.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <sstream>
#include <vector>

using outboxd::postgres::OperatorSession;
using outboxd::test::contains;
using outboxd::test::contract_database;
using outboxd::test::create_contract_table;
using outboxd::test::Database;
using outboxd::test::Environment;
using outboxd::test::expected_signature;
using outboxd::test::FakePeer;
using outboxd::test::FakeRedis;
using outboxd::test::Finished;
using outboxd::test::insert_rows;
using outboxd::test::outboxd_environment;
using outboxd::test::PrivatePostgres;
using outboxd::test::PrivateRedis;
using outboxd::test::read_file;
using outboxd::test::run_outboxd;
using outboxd::test::shared_postgres;
using outboxd::test::TempDir;
using outboxd::test::with;

namespace {

constexpr const char* kStream = "caracal.policy.invalidate";
constexpr int kWarning = 1;
constexpr int kCritical = 3;

const std::vector<std::string> kGoodRedis{"appendonly yes", "appendfsync everysec", "maxmemory-policy noeviction",
                                          "maxmemory 100mb"};

/// A role that may do no more than the daemon needs.
std::string daemon_role(const Database& database) {
  auto role = "doctor_" + database.name;
  database.exec("CREATE ROLE " + role + " LOGIN; GRANT SELECT, UPDATE ON event_outbox TO " + role);
  return role;
}

/// One for all tests; each sets it up anew.
PrivateRedis& good_redis() {
  static PrivateRedis redis{kGoodRedis};
  auto probe = redis.probe();
  for (const auto& setting : {std::pair{"maxmemory", "100mb"},
                              {"maxmemory-policy", "noeviction"},
                              {"min-replicas-to-write", "0"},
                              {"appendonly", "yes"}}) {
    probe.command("CONFIG", "SET", setting.first, setting.second);
  }
  probe.command("FLUSHALL");
  return redis;
}

/// The servers of an examination, with a good key.
struct Patient {
  explicit Patient(const PrivateRedis& redis, PrivatePostgres& postgres = shared_postgres())
      : database{postgres.create_database()} {
    create_contract_table(database);
    const auto key = folder.write("key", "8f1d0c2b7a96e5d4c3b2a1908f7e6d5c4b3a29180f1e2d3c4b5a69788796a5b4");
    std::filesystem::permissions(key, std::filesystem::perms::owner_read);
    environment = with(outboxd_environment(database, redis),
                       {{"DATABASE_URL", postgres.url(database.name, daemon_role(database))},
                        {"STREAMS_HMAC_KEY", ""},
                        {"OUTBOXD_POSTGRES_CONNECT_TIMEOUT", "2s"},
                        {"STREAMS_HMAC_KEY_FILE", key.string()},
                        {"OUTBOXD_HTTP_LISTEN", "off"}});
  }

  [[nodiscard]] Finished doctor(const std::vector<std::string>& options = {}) const {
    std::vector<std::string> command{"doctor"};
    command.insert(command.end(), options.begin(), options.end());
    return run_outboxd(command, environment);
  }

  TempDir folder{};
  Database database;
  Environment environment{};
};

/// The doctor names this: a finding of the check with this severity that has all these words.
void check_names(const Patient& patient, const std::string& check, const std::string& severity,
                 const std::vector<std::string>& words) {
  const auto ended = patient.doctor({"--json"});
  const auto beginning = R"({"check":")" + check + R"(","severity":")" + severity + '"';
  if (severity == "critical") CHECK(ended.status == kCritical);
  if (severity == "warning") CHECK(ended.status >= kWarning);
  std::istringstream lines{ended.out};
  bool found = false;
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(beginning)) continue;
    bool has_all = true;
    for (const auto& word : words) has_all = has_all && contains(line, word);
    found = found || has_all;
  }
  CHECK_MESSAGE(found, check, " is not named in ", ended.out, ended.err);
}

}  // namespace

TEST_CASE("doctor: healthy servers cause no warning, and nothing is changed") {
  PrivatePostgres postgres{{.durable = true}};
  const auto& redis = good_redis();
  const Patient patient{redis, postgres};
  insert_rows(patient.database, "r", kStream, 3);
  auto probe = redis.probe();
  probe.command("XGROUP", "CREATE", kStream, "opa-engine", "$", "MKSTREAM");
  const auto before = patient.database.rows("SELECT xmin, xmax, * FROM event_outbox ORDER BY id");
  const auto text = patient.doctor();
  CHECK_MESSAGE(text.status == 0, text.out, text.err);
  CHECK_MESSAGE(contains(text.out, "0 critical, 0 warnings, "), text.out);
  CHECK_MESSAGE(!contains(text.out, "OK "), text.out);
  const auto all = patient.doctor({"--verbose"});
  for (const char* seen : {"HOST\n", "POSTGRES\n", "REDIS\n", "maxmemory-policy noeviction", "appendfsync everysec",
                           "postgres.index: ", "no row is dead", "XADD is allowed on all known streams (1)"}) {
    CHECK_MESSAGE(contains(all.out, seen), seen, " is not in ", all.out);
  }
  CHECK(patient.database.rows("SELECT xmin, xmax, * FROM event_outbox ORDER BY id") == before);
  CHECK(probe.xlen(kStream) == 0);
  CHECK(probe.command("DBSIZE").integer == 1);

  // No connection slots are left.
  const auto role = "doctor_" + patient.database.name;
  postgres.database("postgres").exec("ALTER ROLE " + role + " CONNECTION LIMIT 1");
  auto as_role = patient.database;
  as_role.conninfo = postgres.conninfo(patient.database.name, role);
  const auto held = as_role.connect();
  check_names(patient, "postgres.connection", "critical",
              {"too many connections", "slots are taken", "pg_stat_activity", "-d " + patient.database.name});
  // It falls silent, before or after the connection is made, and the other server is examined all the same.
  OperatorSession session{
      {.conninfo = patient.database.conninfo, .statement_timeout = std::chrono::milliseconds{100}}};
  postgres.pause();
  CHECK_THROWS(session.run([](outboxd::postgres::Statements& statements) { return exec(statements, "SELECT 1"); }));
  check_names(patient, "postgres.connection", "critical", {"psql"});
  check_names(patient, "redis.connection", "ok", {});
  postgres.resume();
}

TEST_CASE("doctor: Redis") {
  const auto& redis = good_redis();
  Patient patient{redis};
  insert_rows(patient.database, "r", kStream, 3);
  auto probe = redis.probe();
  SUBCASE("full, with noeviction") {
    probe.command("CONFIG", "SET", "maxmemory", "500kb");
    check_names(patient, "redis.memory", "critical", {"maxmemory", "OOM", "CONFIG SET maxmemory"});
    check_names(patient, "redis.writes", "critical", {kStream, "OOM"});
  }
  SUBCASE("an evicting policy") {
    probe.command("CONFIG", "SET", "maxmemory-policy", "allkeys-lru");
    check_names(patient, "redis.maxmemory_policy", "critical",
                {"allkeys-lru", "drops whole streams", "CONFIG SET maxmemory-policy noeviction"});
    // The server of the tests has a configuration file.
    check_names(patient, "redis.maxmemory_policy", "critical", {"CONFIG REWRITE"});
  }
  SUBCASE("no append-only file") {
    probe.command("CONFIG", "SET", "appendonly", "no");
    check_names(patient, "redis.appendonly", "warning", {"appendonly no", "CONFIG SET appendonly yes"});
  }
  SUBCASE("a group that stopped reading, and whose unread entries are trimmed next") {
    probe.command("XGROUP", "CREATE", kStream, "opa-engine", "0", "MKSTREAM");
    probe.command("XADD", kStream, "1-1", "n", "1");
    check_names(patient, "redis.group", "warning",
                {"opa-engine", kStream, "stopped reading", "0 consumers", "XINFO CONSUMERS"});
    patient.environment["OUTBOXD_MAXLEN"] = "1";
    check_names(patient, "redis.trim", "critical", {"opa-engine", "stream_maxlen"});
  }
  SUBCASE("a second dispatcher that signs with another key") {
    const auto sign = [&](const std::string& key) { return expected_signature(kStream, {{"outbox_id", "1"}}, key); };
    probe.command("XADD", kStream, "*", "outbox_id", "1", "_sig", sign(std::string(64, 'd')));
    check_names(patient, "redis.signatures", "note", {"1 of the newest 1 entries", "check-signatures"});
    probe.command("XADD", kStream, "*", "outbox_id", "1", "_sig", sign(read_file(patient.folder / "key")));
    const auto wrong = probe.command("XADD", kStream, "*", "outbox_id", "1", "_sig", sign(std::string(64, 'd'))).text;
    check_names(patient, "redis.signatures", "warning", {"2 of the newest 3 entries", wrong, "another dispatcher"});
  }
  SUBCASE("a key of another type") {
    probe.command("SET", kStream, "text");
    check_names(patient, "redis.stream_type", "critical", {kStream, "is a string", "RENAME"});
  }
  SUBCASE("too few replicas") {
    probe.command("CONFIG", "SET", "min-replicas-to-write", "1");
    check_names(patient, "redis.replication", "critical", {"NOREPLICAS", "min-replicas-to-write 0"});
  }
  SUBCASE("a user without the right to write") {
    probe.command("ACL", "SETUSER", "reader", "on", ">pw", "~*", "+@read", "+ping", "+info", "+select");
    patient.environment["REDIS_URL"] = "redis://reader:pw@127.0.0.1:" + std::to_string(redis.port());
    check_names(patient, "redis.writes", "critical", {"NOPERM", "ACL SETUSER reader +xadd"});
  }
  SUBCASE("a user with the rights of the daemon alone: nothing is worse than a note") {
    probe.command("ACL", "SETUSER", "narrow", "on", ">pw", "~*", "+xadd");
    patient.environment["REDIS_URL"] = "redis://narrow:pw@127.0.0.1:" + std::to_string(redis.port());
    check_names(patient, "redis.rights", "note", {"can't be known here: memory", "INFO: NOPERM"});
    check_names(patient, "redis.rights", "note", {"can't be known here: ", "CONFIG GET: NOPERM"});
    const auto ended = patient.doctor();
    for (const auto* line : {"CRITICAL  redis", "WARNING   redis"})
      CHECK_MESSAGE(!contains(ended.out, line), ended.out);
  }
  SUBCASE("no connections are left") {
    probe.command("CONFIG", "SET", "maxclients", "1");
    check_names(patient, "redis.connection", "critical",
                {"connections (maxclients) are taken", "CONFIG SET maxclients"});
    probe.command("CONFIG", "SET", "maxclients", "10000");
  }
  SUBCASE("it can't be reached, and Postgres is examined all the same") {
    patient.environment["REDIS_URL"] = "redis://127.0.0.1:" + std::to_string(outboxd::test::free_port());
    check_names(patient, "redis.connection", "critical", {"refused", "rows wait in the table", "redis-cli"});
    check_names(patient, "postgres.connection", "ok", {});
  }
}

TEST_CASE("doctor: a clock that is five minutes ahead, on a server that forbids most commands") {
  FakeRedis redis{[](FakePeer& peer) {
    for (;;) {
      const auto command = peer.read_any();
      if (command.empty()) return;
      if (command.front() == "PING") {
        peer.send(command.size() == 1 ? "+PONG\r\n"
                                      : "$" + std::to_string(command[1].size()) + "\r\n" + command[1] + "\r\n");
      } else if (command.front() == "TIME") {
        const auto now = std::chrono::system_clock::now().time_since_epoch() + std::chrono::minutes{5};
        const auto text = std::to_string(std::chrono::duration_cast<std::chrono::seconds>(now).count());
        peer.send("*2\r\n$" + std::to_string(text.size()) + "\r\n" + text + "\r\n$1\r\n0\r\n");
      } else if (command.front() == "XADD") {
        peer.send("-ERR value is not an integer or out of range\r\n");
      } else {
        peer.send("-ERR unknown command\r\n");
      }
    }
  }};
  Patient patient{good_redis()};
  insert_rows(patient.database, "r", kStream, 1);
  patient.environment["REDIS_URL"] = "redis://127.0.0.1:" + std::to_string(redis.port());
  check_names(patient, "redis.clock", "warning", {"min ahead of this machine's", "chronyc"});
  check_names(patient, "redis.clock", "warning", {"min ahead of that of Postgres", "chronyc"});
}

TEST_CASE("doctor: through a transaction pooler, which it names") {
  Patient patient{good_redis()};
  const auto role = "doctor_" + patient.database.name;
  const outboxd::test::PrivatePgbouncer pooler{shared_postgres(), role};
  patient.environment["DATABASE_URL"] = pooler.through(patient.database).url;
  check_names(patient, "postgres.pooler", "note", {"for a transaction at a time", "no wake-ups"});
  check_names(patient, "postgres.table", "ok", {"event_outbox"});
}

TEST_CASE("doctor: the Coordinator's own table") {
  const auto database = outboxd::test::caracal_database();
  const auto role = "doctor_" + database.name;
  database.exec("CREATE ROLE " + role + " LOGIN; GRANT SELECT, UPDATE ON caracal_outbox TO " + role);
  Patient patient{good_redis()};
  patient.environment["DATABASE_URL"] = shared_postgres().url(database.name, role);
  patient.environment["OUTBOXD_PROFILE"] = "coordinator";
  check_names(patient, "postgres.table", "ok", {"layout caracal_outbox"});
  check_names(patient, "postgres.overdue_rows", "ok", {"no row is due"});
  check_names(patient, "postgres.index", "ok", {"claims use"});
}

TEST_CASE("doctor: Postgres") {
  Patient patient{good_redis()};
  const auto& database = patient.database;
  const auto role = "doctor_" + database.name;
  SUBCASE("a session that is idle in a transaction holds an old snapshot") {
    database.exec("GRANT pg_read_all_stats TO " + role);
    const auto connection = database.connect();
    pqxx::work transaction{*connection};
    transaction.exec("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ");
    transaction.exec("SELECT 1");
    const auto pid = std::to_string(connection->backendpid());
    check_names(patient, "postgres.snapshot", "note",
                {"session pid " + pid, "idle in transaction", "pg_terminate_backend(" + pid + ")"});
  }
  SUBCASE("a session that has written, and has no snapshot, also to a role that doesn't see its state") {
    const auto connection = database.connect();
    pqxx::work transaction{*connection};
    transaction.exec("SELECT pg_current_xact_id()");
    const auto pid = std::to_string(connection->backendpid());
    database.exec(
        "CREATE TEMP TABLE many (n int);"
        "DO $$ BEGIN FOR i IN 1..10001 LOOP BEGIN INSERT INTO many VALUES (i);"
        " EXCEPTION WHEN division_by_zero THEN NULL; END; END LOOP; END $$");
    check_names(patient, "postgres.snapshot", "note", {"session pid " + pid, "transactions old"});
    database.exec("GRANT pg_read_all_stats TO " + role);
    check_names(patient, "postgres.snapshot", "note", {"session pid " + pid, "idle in transaction"});
  }
  SUBCASE("the right to UPDATE is missing") {
    database.exec("REVOKE UPDATE ON event_outbox FROM " + role);
    check_names(patient, "postgres.rights", "critical", {"may not update", "GRANT UPDATE ON ", " TO ", role});
  }
  SUBCASE("a migration has locked the table") {
    const auto connection = database.connect();
    pqxx::work transaction{*connection};
    transaction.exec("ALTER TABLE event_outbox ADD COLUMN more text");
    const auto pid = std::to_string(connection->backendpid());
    check_names(patient, "postgres.lock", "critical",
                {"pid " + pid, "lock on the whole table", "-U ", "pg_terminate_backend(" + pid + ")"});
    check_names(patient, "redis.writes", "note", {"no stream is known", "could not be read"});
    patient.environment["OUTBOXD_TOPOLOGY"] = "caracal";
    check_names(patient, "redis.writes", "ok", {"XADD is allowed on all known streams"});
  }
  SUBCASE("autovacuum is off, with many dead row versions") {
    database.exec("ALTER TABLE event_outbox SET (autovacuum_enabled = off)");
    insert_rows(database, "r", kStream, 100);
    database.exec("UPDATE event_outbox SET attempts = attempts");
    check_names(patient, "postgres.vacuum", "warning",
                {"autovacuum is off for this table", "dead row versions", "RESET (autovacuum_enabled)", "VACUUM"});
  }
  SUBCASE("the index for claims is missing") {
    database.exec("DROP INDEX event_outbox_dispatch_ready");
    check_names(patient, "postgres.index", "warning", {"available_at", "CREATE INDEX CONCURRENTLY"});
  }
  SUBCASE("the wrong table") {
    database.exec("CREATE SCHEMA app");
    database.exec("CREATE TABLE app.event_outbox (LIKE event_outbox INCLUDING ALL)");
    database.exec("INSERT INTO app.event_outbox (id, stream_name, payload_json) VALUES ('a', 's', '{}')");
    check_names(patient, "postgres.other_table", "warning",
                {"app.event_outbox", "wrong table", "dispatcher.table = "});
    database.exec("DROP TABLE public.event_outbox");
    check_names(patient, "postgres.table", "critical", {"does not exist", "outboxd migrate"});
  }
  SUBCASE("a trigger refuses rows") {
    insert_rows(database, "r", kStream, 1);
    database.exec(
        "UPDATE event_outbox SET available_at = now() - interval '1 hour', created_at = now() - interval '1 hour'");
    database.exec(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$;"
        "CREATE TRIGGER guard BEFORE UPDATE ON event_outbox FOR EACH ROW EXECUTE FUNCTION refuse()");
    check_names(patient, "postgres.trigger", "warning",
                {"trigger guard", "public.refuse()", "can refuse rows", "sf public.refuse", "DISABLE TRIGGER"});
  }
  SUBCASE("dead rows, and rows that nobody takes") {
    insert_rows(database, "r", kStream, 3);
    database.exec(
        "UPDATE event_outbox SET available_at = CASE WHEN id = 'r000001' THEN 'infinity' ELSE now() - interval "
        "'1 hour' END, created_at = now() - interval '1 hour'");
    check_names(patient, "postgres.overdue_rows", "critical", {"2 rows are due", "60 min", "not running"});
    CHECK(contains(patient.doctor().out, "1 row is dead"));
  }
  SUBCASE("another worker's lease is longer than ours") {
    insert_rows(database, "r", kStream, 1);
    database.exec("UPDATE event_outbox SET locked_by = 'api-7', locked_until = now() + interval '1 hour'");
    check_names(patient, "postgres.dispatchers", "warning", {"api-7", "dispatcher.lease"});
  }
  SUBCASE("the signing key is readable by all, or missing") {
    const auto key = patient.environment["STREAMS_HMAC_KEY_FILE"];
    std::filesystem::permissions(key, std::filesystem::perms{0644});
    check_names(patient, "host.signing_key", "warning", {key, "every user", "chmod g-w,o= "});
    patient.environment.erase("STREAMS_HMAC_KEY_FILE");
    patient.environment["CARACAL_MODE"] = "stable";
    check_names(patient, "host.signing_key", "critical", {"refuses to start", "openssl rand"});
  }
}
