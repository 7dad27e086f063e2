// SPDX-License-Identifier: Apache-2.0
// Tests of the test helpers: they must be able to fail, and must end.
#include "postgres/pqxx_compat.hpp"
#include "support/full_disk.hpp"
#include "support/http.hpp"
#include "support/made_once.hpp"
#include "support/processes.hpp"
#include "support/programs.hpp"
#include "support/shared_servers.hpp"
#include "support/signature.hpp"
#include "support/wait.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <signal.h>
#include <stdexcept>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace outboxd::test;  // NOLINT(google-build-using-namespace): the helpers are tested here
using std::chrono::milliseconds;

namespace {

ChildOptions shell(const std::string& script) {
  return {.command = {"/bin/sh", "-c", script}};
}

bool process_exists(pid_t pid) {
  return ::kill(pid, 0) == 0;
}

}  // namespace

TEST_CASE("Child: arguments, environment, input, output and exit status") {
  auto options = shell("echo \"$FOO/$HOME/$1\"; cat; echo oops >&2; exit 7");
  options.command.insert(options.command.end(), {"sh", "an argument"});
  options.environment = {{"FOO", "bar"}};
  options.input = "some input\n";
  Child child(options);
  CHECK(child.wait() == 7);
  CHECK(child.out() == "bar//an argument\nsome input\n");
  CHECK(child.err() == "oops\n");
}

TEST_CASE("Child: signals, deadlines, programs that don't exist") {
  Child sleeper(shell("exec sleep 600"));
  CHECK(sleeper.running());
  CHECK_THROWS(sleeper.wait(milliseconds(50)));
  sleeper.signal(SIGTERM);
  CHECK(sleeper.wait() == 128 + SIGTERM);
  CHECK_FALSE(sleeper.running());
  Child missing({.command = {"/no/such/program"}});
  CHECK(missing.wait() == 127);
}

TEST_CASE("Child: ends with its handle, and so do its own children") {
  pid_t pid = 0;
  pid_t grandchild = 0;
  {
    Child child(shell("sleep 600 & echo $!; wait"));
    wait_until([&child] { return child.out().ends_with('\n'); });
    pid = child.pid();
    grandchild = std::stoi(child.out());
    CHECK(process_exists(grandchild));
  }
  CHECK_FALSE(process_exists(pid));
  wait_until([grandchild] { return has_ended(grandchild); });
}

TEST_CASE("wait_until gives up with an error that names the condition") {
  CHECK_THROWS_WITH(wait_until([] { return false; }, milliseconds(20), "Godot"), "waited 20 ms in vain for Godot");
}

TEST_CASE("made_once: the first caller creates the folder, others find it, also at the same time") {
  const TempDir folder;
  std::atomic<int> made = 0;
  const auto ask = [&] {
    const auto where = made_once(folder / "kept" / "data", [&](const std::filesystem::path& path) {
      CHECK(std::filesystem::create_directory(path));
      ++made;
    });
    CHECK(where == folder / "kept" / "data");
    CHECK(std::filesystem::is_directory(where));
  };
  {
    std::vector<std::jthread> askers;
    for (int i = 0; i < 4; ++i) askers.emplace_back(ask);
  }
  ask();
  CHECK(made == 1);
}

TEST_CASE("made_once: an unfinished folder is created again") {
  const TempDir folder;
  const auto where = folder / "data";
  CHECK_THROWS_WITH(made_once(where,
                              [](const std::filesystem::path& path) {
                                std::filesystem::create_directory(path);
                                throw std::runtime_error("killed");
                              }),
                    "killed");
  CHECK(!std::filesystem::exists(where));
  made_once(where, [](const std::filesystem::path& path) { CHECK(std::filesystem::create_directory(path)); });
  CHECK(std::filesystem::is_directory(where));
}

TEST_CASE("expected_signature gives the contract's two vectors") {
  CHECK(expected_signature("caracal.policy.invalidate", {{"outbox_id", "0197f3a0-0000-7000-8000-000000000001"},
                                                         {"zone_id", "z-1"},
                                                         {"event", "policy.activated"},
                                                         {"version", "3"}}) ==
        "5a75cf0ed2d565ecb1543d217d1b381e90edc5b85faff786a98c7c9bdde37e4c");
  CHECK(expected_signature("caracal.sessions.revoke", {{"outbox_id", "o-2"},
                                                       {"dedupe_key", "revoke:s-9"},
                                                       {"session_id", "s-9"},
                                                       {"reason", ""},
                                                       {"nested", R"({"id":"inv-1","n":1.10})"},
                                                       {"größe", "ä"},
                                                       {"note", "line1\nline2"},
                                                       {"_sig", "left out"}}) ==
        "8aa66685d110ba59d3762b9c4e24eed732fc4b0a0f50b37d19b279a5b598c6c7");
}

TEST_CASE("Redis: reads written entries, over both sockets") {
  auto& redis = shared_redis();
  RedisProbe probe(redis.port());
  const auto id = probe.command("XADD", "support.s", "*", "outbox_id", "1", "empty", "", "bytes", "a\r\nb").text;
  const auto entries = redis.probe().xrange("support.s");
  REQUIRE(entries.size() == 1);
  CHECK(entries[0].id == id);
  CHECK(entries[0].at("bytes") == "a\r\nb");
  CHECK(entries[0].at("empty").empty());
  CHECK(entries[0].fields[0].first == "outbox_id");
  CHECK_THROWS(static_cast<void>(entries[0].at("none")));
  CHECK(probe.xlen("support.s") == 1);
  CHECK(probe.command("GET", "support.none").type == RedisValue::Type::nil);
  CHECK(probe.send({"XADD", "support.s"}).is_error());
  CHECK_THROWS(probe.command("XADD", "support.s"));
}

TEST_CASE("Redis: options, pause, kill, restart on the same port") {
  PrivateRedis redis({"requirepass secret", "appendonly yes", "appendfsync always"});
  CHECK(redis.probe().send({"PING"}).text.starts_with("NOAUTH"));
  {
    auto probe = redis.probe();
    probe.command("AUTH", "secret");
    probe.command("SET", "k", "v");
  }
  const auto port = redis.port();
  redis.kill9();
  CHECK_FALSE(redis.running());
  CHECK_THROWS(static_cast<void>(redis.probe()));
  redis.start();
  CHECK(redis.port() == port);
  auto probe = redis.probe();
  probe.command("AUTH", "secret");
  CHECK(probe.command("GET", "k").text == "v");
  const auto pid = redis.pid();
  redis.pause();
  wait_until([pid] { return read_file("/proc/" + std::to_string(pid) + "/stat").find(") T ") != std::string::npos; });
  redis.resume();
  CHECK(probe.command("GET", "k").text == "v");
  redis.stop();
  CHECK_FALSE(redis.running());
}

TEST_CASE("Postgres: a fresh database for each test, over both sockets") {
  auto& postgres = shared_postgres();
  const auto first = postgres.create_database();
  const auto second = postgres.create_database();
  first.exec("CREATE TABLE t (a int, b text); INSERT INTO t VALUES (1, NULL), (2, 'x')");
  CHECK(first.rows("SELECT * FROM t ORDER BY a") == Rows{{"1", "NULL"}, {"2", "x"}});
  CHECK(second.scalar("SELECT to_regclass('t') IS NULL") == "t");
  CHECK_THROWS(static_cast<void>(first.scalar("SELECT * FROM t")));
  const auto over_tcp = outboxd::postgres::open_connection(first.url);
  CHECK(over_tcp->is_open());
  CHECK(first.scalar("SHOW fsync") == "off");
}

TEST_CASE("Postgres: stop, kill, pause, restart on the same port with the same data") {
  PrivatePostgres postgres({.durable = true, .settings = {"work_mem=2MB"}});
  const auto database = postgres.create_database();
  CHECK(database.scalar("SHOW fsync") == "on");
  CHECK(database.scalar("SHOW work_mem") == "2MB");
  database.exec("CREATE TABLE t (a int); INSERT INTO t VALUES (1)");
  const auto port = postgres.port();

  auto connection = database.connect();
  pqxx::nontransaction session(*connection);
  const auto backend = std::stoi(outboxd::postgres::text_of(session.exec("SELECT pg_backend_pid()")[0][0]));
  postgres.pause();
  wait_until([backend] {
    return read_file("/proc/" + std::to_string(backend) + "/stat").find(") T ") != std::string::npos;
  });
  postgres.resume();
  CHECK(outboxd::postgres::text_of(session.exec("SELECT a FROM t")[0][0]) == "1");

  postgres.kill9();
  CHECK_FALSE(postgres.running());
  CHECK(has_ended(backend));
  // In libpqxx 6.4 only the exception's type distinguishes a lost connection from a failed statement.
  CHECK_THROWS_AS(session.exec("SELECT 1"), pqxx::broken_connection);
  postgres.start();
  CHECK(postgres.port() == port);
  CHECK(database.scalar("SELECT a FROM t") == "1");
  for (const auto mode : {StopMode::immediate, StopMode::fast, StopMode::smart}) {
    postgres.stop(mode);
    CHECK_THROWS(static_cast<void>(database.connect()));
    postgres.start();
    CHECK(database.scalar("SELECT a FROM t") == "1");
  }
}

TEST_CASE("Postgres: ends with its handle, also when it is paused") {
  pid_t backend = 0;
  {
    PrivatePostgres postgres;
    const auto connection = postgres.create_database().connect();
    pqxx::nontransaction session(*connection);
    backend = std::stoi(outboxd::postgres::text_of(session.exec("SELECT pg_backend_pid()")[0][0]));
    CHECK(process_exists(backend));
    postgres.pause();
  }
  wait_until([backend] { return has_ended(backend); });
}

TEST_CASE("Postgres: a standby has all answered commits of its primary, is read-only, and can be promoted") {
  PrivatePostgres primary;
  PrivatePostgres standby;
  const auto database = primary.create_database();
  standby.become_standby_of(primary);
  primary.wait_for_standby();
  database.exec("CREATE TABLE t (a int); INSERT INTO t VALUES (1)");
  primary.kill9();
  const auto other = standby.database(database.name);
  CHECK_THROWS_AS(other.exec("INSERT INTO t VALUES (2)"), pqxx::sql_error);
  standby.promote();
  other.exec("INSERT INTO t VALUES (2)");
  CHECK(other.scalar("SELECT sum(a) FROM t") == "3");
  primary.become_standby_of(standby);
  standby.wait_for_standby();
  standby.demote();
  CHECK_THROWS_AS(other.exec("INSERT INTO t VALUES (3)"), pqxx::sql_error);
  standby.promote();
  other.exec("INSERT INTO t VALUES (3)");
}

TEST_CASE("FullDisk: files can't grow while it is full, existing bytes can be written, and later files grow again") {
  const FullDisk disk("/base/");
  PrivatePostgres postgres({.environment = disk.environment()});
  const auto database = postgres.create_database();
  database.exec("CREATE TABLE t (a int); INSERT INTO t VALUES (1); CHECKPOINT");
  disk.fill();
  database.exec("INSERT INTO t VALUES (2); CHECKPOINT");
  CHECK_THROWS_WITH_AS(database.exec("INSERT INTO t SELECT generate_series(1, 100000)"),
                       doctest::Contains("No space left on device"), pqxx::sql_error);
  CHECK(database.scalar("SELECT count(*) FROM t") == "2");
  disk.make_room();
  database.exec("INSERT INTO t SELECT generate_series(1, 100000)");
  CHECK(database.scalar("SELECT count(*) FROM t") == "100002");
}

TEST_CASE("a lost connection is never reopened automatically") {
  const auto database = shared_postgres().create_database();
  const auto connection = database.connect();
  {
    pqxx::work transaction(*connection);
    const auto pid =
        outboxd::postgres::text_of(outboxd::postgres::exec(transaction, "SELECT pg_backend_pid()")[0][0]);
    transaction.commit();
    database.exec("SELECT pg_terminate_backend(" + pid + ")");
  }
  const auto use = [&connection] {
    pqxx::work transaction(*connection);
    outboxd::postgres::exec(transaction, "SELECT 1");
  };
  CHECK_THROWS_AS(use(), pqxx::broken_connection);
  CHECK_THROWS_AS(use(), pqxx::broken_connection);
}

TEST_CASE("parameters arrive unchanged") {
  const auto connection = shared_postgres().create_database().connect();
  pqxx::work transaction(*connection);
  const std::string text = R"(quo"te ' \ {} größe)";
  const auto row = outboxd::postgres::exec(
      transaction, "SELECT $1::text, $2::int, $3::bigint, $4::text IS NULL, $5::text, $6::bool", text, 7,
      9007199254740993LL, std::nullopt, std::optional<std::string>("x"), true)[0];
  CHECK(outboxd::postgres::text_of(row[0]) == text);
  CHECK(outboxd::postgres::text_of(row[1]) == "7");
  CHECK(outboxd::postgres::text_of(row[2]) == "9007199254740993");
  CHECK(outboxd::postgres::text_of(row[3]) == "t");
  CHECK(outboxd::postgres::optional_text_of(row[4]) == "x");
  CHECK(outboxd::postgres::text_of(row[5]) == "t");
  CHECK_THROWS_AS(outboxd::postgres::exec(transaction, "SELECT $1::text", std::string("a\0b", 3)),
                  std::invalid_argument);
}

TEST_CASE("an SQL error has its SQLSTATE and its message on one line") {
  const auto connection = shared_postgres().create_database().connect();
  pqxx::work transaction(*connection);
  try {
    outboxd::postgres::exec(transaction, "SELECT 'x'::int + $1::int", 1);
    FAIL("no error");
  } catch (const pqxx::sql_error& error) {
    CHECK(outboxd::postgres::sqlstate_of(error) == "22P02");
    CHECK(outboxd::postgres::whole_message_of(error) == "invalid input syntax for type integer: \"x\"");
    CHECK(outboxd::postgres::message_of(error) ==
          "22P02 (invalid_text_representation): invalid input syntax for type integer: \"***\"");
  }
}

TEST_CASE("sqlstate_of knows all states that outboxd treats specially, with each libpqxx") {
  const auto connection = shared_postgres().create_database().connect();
  for (const std::string state : {"22P02", "23505", "25006", "40001", "40P01", "42501", "42703", "42P01", "53100",
                                  "53300", "55P03", "57014", "57P01", "57P03", "P0001"}) {
    std::string found = "no error";
    try {
      pqxx::work transaction(*connection);
      outboxd::postgres::exec(transaction, "DO $$BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '" + state + "'; END$$");
    } catch (const pqxx::failure& error) {
      found = outboxd::postgres::sqlstate_of(error);
    }
    CHECK(found == state);
  }
}

TEST_CASE("run_outboxd gives the program only the given environment") {
  const auto done = run_outboxd({"--version"});
  CHECK(done.status == 0);
  CHECK(done.out.find("outboxd") != std::string::npos);
}
