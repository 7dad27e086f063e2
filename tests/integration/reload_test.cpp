// SPDX-License-Identifier: Apache-2.0
// Changes under a running daemon: secrets, configuration, the log's file, and tables that it waits for.
#include "support/http.hpp"
#include "support/outbox_table.hpp"
#include "support/signature.hpp"
#include "support/temp_dir.hpp"
#include "support/wait.hpp"

#include <doctest/doctest.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <sys/stat.h>

using outboxd::test::Child;
using outboxd::test::contains;
using outboxd::test::contract_database;
using outboxd::test::count_rows;
using outboxd::test::Database;
using outboxd::test::expected_signature;
using outboxd::test::http_get;
using outboxd::test::http_port;
using outboxd::test::insert_row;
using outboxd::test::new_stream;
using outboxd::test::occurrences;
using outboxd::test::outboxd_environment;
using outboxd::test::PrivateRedis;
using outboxd::test::shared_postgres;
using outboxd::test::shared_redis;
using outboxd::test::start_outboxd;
using outboxd::test::TempDir;
using outboxd::test::wait_until;
using outboxd::test::with;

namespace {

const std::vector<std::string> kRun{"--http-listen", "127.0.0.1:0", "--probe-min",     "20ms",
                                    "--probe-max",   "100ms",       "--poll-interval", "20ms"};

void wait_for_ready(std::uint16_t port, int status, const std::string& reason) {
  wait_until(
      [&] {
        const auto ready = http_get(port, "/readyz");
        return ready.status == status && contains(ready.body, reason);
      },
      std::chrono::seconds(30), "/readyz to say " + reason);
}

void wait_for_rows(const Database& database) {
  wait_until([&] { return count_rows(database, "dispatched_at IS NULL") == 0; });
}

void wait_for_log(const Child& outboxd, const std::string& words) {
  wait_until([&] { return contains(outboxd.err(), words); }, std::chrono::seconds(30), "the log to say " + words);
}

void end_politely(Child& outboxd) {
  outboxd.signal(SIGTERM);
  CHECK(outboxd.wait() == 0);
}

/// A role with only the rights to drive the table.
std::string worker(const Database& database, const std::string& name) {
  auto role = name + "_" + database.name;
  database.exec("CREATE ROLE " + role + " LOGIN; GRANT SELECT, UPDATE ON event_outbox TO " + role);
  return role;
}

}  // namespace

TEST_CASE("Postgres refuses the login: the URL's file is read again, and the next connection uses the new URL") {
  const TempDir folder;
  const auto database = contract_database();
  const auto before = worker(database, "before");
  const auto after = worker(database, "after");
  const auto url = [&](const std::string& role, const std::string& password) {
    auto text = shared_postgres().url(database.name, role);
    return text.insert(text.find('@'), ":" + password) + "\n";
  };
  const auto file = folder.write("url", url(before, "word-before"));
  const auto outboxd = start_outboxd(
      kRun, with(outboxd_environment(database), {{"DATABASE_URL", ""}, {"DATABASE_URL_FILE", file.string()}}));
  const auto port = http_port(*outboxd);
  wait_for_ready(port, 200, "ready");
  database.exec("ALTER ROLE " + before + " NOLOGIN");
  database.exec("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '" + before + "'");
  wait_for_ready(port, 503, "is not permitted to log in");
  insert_row(database, "a", new_stream(), "{}");
  // A file that is being written is invalid for a moment.
  folder.write("url", "");
  wait_for_log(*outboxd, "everything goes on as it was before");
  folder.write("url", url(after, "word-after"));
  wait_for_ready(port, 200, "ready");
  wait_for_rows(database);
  CHECK(
      contains(outboxd->err(), "postgres.url (the login) of dispatcher outbox has changed and is used from now on"));
  CHECK(!contains(outboxd->err(), "word-"));
  CHECK(outboxd->running());
  end_politely(*outboxd);
}

TEST_CASE("Redis refuses AUTH: the password's file is read again") {
  const TempDir folder;
  PrivateRedis redis({"user app on >word-before ~* &* +@all"});
  const auto database = contract_database();
  const auto file = folder.write("password", "word-before");
  const auto outboxd = start_outboxd(
      kRun,
      with(outboxd_environment(database), {{"REDIS_URL", "redis://app@127.0.0.1:" + std::to_string(redis.port())},
                                           {"OUTBOXD_REDIS_PASSWORD_FILE", file.string()}}));
  const auto port = http_port(*outboxd);
  wait_for_ready(port, 200, "ready");
  redis.probe().command("ACL", "SETUSER", "app", "resetpass", ">word-after");
  redis.probe().command("CLIENT", "KILL", "USER", "app");
  insert_row(database, "a", "stream", "{}");
  wait_for_ready(port, 503, "WRONGPASS");
  folder.write("password", "word-after\n");
  wait_for_ready(port, 200, "ready");
  wait_for_rows(database);
  CHECK(contains(outboxd->err(), "the login of Redis of dispatcher outbox has changed"));
  CHECK(!contains(outboxd->err(), "word-"));
  end_politely(*outboxd);
}

TEST_CASE("SIGHUP reads secrets again, doesn't end the daemon, and settings that take a restart are logged") {
  const TempDir folder;
  const auto database = contract_database();
  const auto stream = new_stream();
  const auto key = folder.write("key", std::string(64, 'a'));
  std::filesystem::permissions(key, std::filesystem::perms{0600});
  const auto bearer = folder.write("bearer", "first-token-of-metrics");
  auto probe = shared_redis().probe();
  probe.command("XGROUP", "CREATE", stream, "behind", "0", "MKSTREAM");
  for (int i = 0; i < 3; ++i) probe.command("XADD", stream, "*", "n", "1");
  const auto write_config = [&](const std::string& level, const std::string& batch, const std::string& bound = "1") {
    return folder.write("t.toml", "[dispatcher]\nbatch = " + batch + "\nstream_maxlen = {\"" + stream +
                                      "\" = " + bound + "}\ntrim = \"exact\"\n[signing]\nkey_file = \"" +
                                      key.string() + "\"\nstrict = " + (level == "debug" ? "true" : "false") +
                                      "\n[http]\nbearer_file = \"" + bearer.string() + "\"\n[log]\nlevel = \"" +
                                      level + "\"\n");
  };
  const auto config = write_config("info", "10", "2");
  auto command = kRun;
  command.insert(command.end(), {"--config", config.string()});
  const auto outboxd = start_outboxd(command, with(outboxd_environment(database), {{"STREAMS_HMAC_KEY", ""}}));
  const auto port = http_port(*outboxd);
  wait_for_ready(port, 200, "ready");
  // Before the first row.
  wait_for_log(*outboxd,
               "its bound is 2: the next XADD trims 2 of them, and with them entries that groups have not "
               "read: behind 2;");
  outboxd->signal(SIGHUP);
  wait_for_log(*outboxd, "SIGHUP: nothing has changed in the configuration; entries are signed with key ");

  folder.write("key", std::string(64, 'b'));
  folder.write("bearer", "second-token-of-metrics");
  std::filesystem::permissions(key, std::filesystem::perms{0644});
  write_config("debug", "11");
  outboxd->signal(SIGHUP);
  wait_for_log(*outboxd, "dispatcher.batch (file " + config.string() + ":2) has changed, and takes a restart");
  wait_for_log(*outboxd, "key can be read by every user of this machine");
  for (const std::string what : {"signing.key", "signing.strict", "http.bearer", "log.level",
                                 "dispatcher.stream_maxlen of dispatcher outbox"}) {
    CHECK_MESSAGE(contains(outboxd->err(), "SIGHUP: " + what + " has changed and is used from now on"), what);
  }
  CHECK(http_get(port, "/metrics", {{"Authorization", "Bearer second-token-of-metrics"}}).status == 200);
  CHECK(http_get(port, "/metrics", {{"Authorization", "Bearer first-token-of-metrics"}}).status == 401);
  CHECK(!contains(outboxd->err(), "token-of"));
  CHECK(!contains(outboxd->err(), std::string(64, 'b')));
  insert_row(database, "a", stream, "{}");
  wait_for_rows(database);
  wait_for_log(*outboxd, "its bound is 1: the next XADD trims 3 of them");
  const auto entry = probe.xrange(stream).at(0);
  CHECK(entry.fields.back().second == expected_signature(stream, entry.fields, std::string(64, 'b')));
  CHECK(entry.fields.end()[-2].first == "_sig2");

  // A wrong file, a missing one, and one that can't be read (a folder, as root lacks no right).
  const auto refused_times = [&] { return occurrences(outboxd->err(), "everything goes on as it was before"); };
  const auto is_refused = [&](std::size_t times, const std::string& reason) {
    outboxd->signal(SIGHUP);
    wait_until([&] { return refused_times() == times; }, std::chrono::seconds(30), "refusal " + reason);
    CHECK_MESSAGE(contains(outboxd->err(), reason), outboxd->err());
    CHECK(http_get(port, "/readyz").status == 200);
  };
  write_config("loud", "11");
  is_refused(1, "log.level = \"loud\"");
  std::filesystem::remove(config);
  is_refused(2, config.string() + ": can't read the configuration file: No such file or directory");
  std::filesystem::create_directory(config);
  is_refused(3, config.string() + ": can't read the configuration file: Is a directory");
  insert_row(database, "b", stream, "{}");
  wait_for_rows(database);
  std::filesystem::remove(config);
  write_config("debug", "10");
  outboxd->signal(SIGHUP);
  wait_until([&] { return occurrences(outboxd->err(), "SIGHUP: nothing has changed in the configuration") == 2; });
  end_politely(*outboxd);
}

TEST_CASE("a configuration file that blocks its reader delays neither work nor a stop beyond its time-out") {
  const TempDir folder;
  const auto database = contract_database();
  const auto config = folder.write("t.toml", "");
  auto command = kRun;
  command.insert(command.end(), {"--config", config.string(), "--shutdown-timeout", "100ms"});
  const auto outboxd = start_outboxd(command, outboxd_environment(database));
  wait_for_ready(http_port(*outboxd), 200, "ready");
  std::filesystem::remove(config);
  REQUIRE(::mkfifo(config.c_str(), 0600) == 0);
  outboxd->signal(SIGHUP);
  wait_for_log(*outboxd, "SIGHUP: reading the configuration");
  insert_row(database, "a", new_stream(), "{}");
  wait_for_rows(database);
  outboxd->signal(SIGTERM);
  CHECK(outboxd->wait() == 1);
  CHECK(contains(outboxd->err(), "could not be read again within the time-out"));
}

TEST_CASE("a SIGHUP before the daemon handles it doesn't end the daemon") {
  const TempDir folder;
  const auto database = contract_database();
  // The daemon blocks until the file has content.
  const auto config = folder / "t.toml";
  REQUIRE(::mkfifo(config.c_str(), 0600) == 0);
  auto command = kRun;
  command.insert(command.end(), {"--config", config.string()});
  const auto outboxd = start_outboxd(command, outboxd_environment(database));
  {
    // Opens when the daemon reads.
    std::ofstream writer{config};
    outboxd->signal(SIGHUP);
    writer << "[dispatcher]\nbatch = 7\n";
  }
  wait_for_ready(http_port(*outboxd), 200, "ready");
  end_politely(*outboxd);
}

TEST_CASE("a daemon that waits at its start uses a reloaded login at once, for its connections and its table") {
  const TempDir folder;
  const auto database = contract_database();
  const auto refused = "refused_" + database.name;
  const auto powerless = "powerless_" + database.name;
  database.exec("CREATE ROLE " + refused + " NOLOGIN; CREATE ROLE " + powerless + " LOGIN");
  const auto use = [&](const std::string& role) {
    return folder.write("url", shared_postgres().url(database.name, role));
  };
  const auto file = use(refused);
  // Without the reload it would retry after half a minute at the earliest.
  const std::vector<std::string> command{"--http-listen", "127.0.0.1:0", "--probe-min", "60s", "--probe-max", "120s"};
  const auto outboxd = start_outboxd(
      command, with(outboxd_environment(database), {{"DATABASE_URL", ""}, {"DATABASE_URL_FILE", file.string()}}));
  const auto port = http_port(*outboxd);
  wait_for_ready(port, 503, "is not permitted to log in");
  use(powerless);
  outboxd->signal(SIGHUP);
  wait_for_ready(port, 503, "GRANT UPDATE ON");
  // The open connection still has the former role.
  use(worker(database, "able"));
  outboxd->signal(SIGHUP);
  wait_for_ready(port, 200, "ready");
  end_politely(*outboxd);
}

TEST_CASE("the daemon waits for a missing table or right, and checks again at once after SIGHUP") {
  const auto database = shared_postgres().create_database();
  const auto role = "late_" + database.name;
  database.exec("CREATE ROLE " + role + " LOGIN");
  const auto outboxd = start_outboxd(
      kRun, with(outboxd_environment(database), {{"DATABASE_URL", shared_postgres().url(database.name, role)}}));
  const auto port = http_port(*outboxd);
  wait_for_ready(port, 503, "does not exist");
  CHECK(http_get(port, "/healthz").status == 200);
  outboxd::test::create_contract_table(database);
  outboxd->signal(SIGHUP);
  wait_for_ready(port, 503, "GRANT UPDATE ON");
  database.exec("GRANT SELECT, UPDATE ON event_outbox TO " + role);
  outboxd->signal(SIGHUP);
  wait_for_ready(port, 200, "ready");
  insert_row(database, "a", new_stream(), "{}");
  wait_for_rows(database);
  end_politely(*outboxd);
}

TEST_CASE("an HTTP address that another process has is retried, and rows are published meanwhile") {
  const auto database = contract_database();
  auto first = start_outboxd(kRun, outboxd_environment(database));
  const auto port = http_port(*first);
  auto command = kRun;
  command[1] = "127.0.0.1:" + std::to_string(port);
  const auto second = start_outboxd(command, outboxd_environment(database));
  wait_for_log(*second,
               "cannot listen on \"127.0.0.1:" + std::to_string(port) + "\" for HTTP: Address already in use");
  end_politely(*first);
  insert_row(database, "a", new_stream(), "{}");
  wait_for_rows(database);
  CHECK(http_port(*second) == port);
  wait_for_ready(port, 200, "ready");
  CHECK(occurrences(second->err(), "ddress already in use") == 1);
  end_politely(*second);
}
