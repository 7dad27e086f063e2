// SPDX-License-Identifier: Apache-2.0
// The command line as its user sees it.
#include "support/outbox_table.hpp"
#include "support/signature.hpp"
#include "support/temp_dir.hpp"

#include <doctest/doctest.h>

#include <filesystem>

using outboxd::test::contains;
using outboxd::test::contract_database;
using outboxd::test::count_rows;
using outboxd::test::Environment;
using outboxd::test::Finished;
using outboxd::test::insert_row;
using outboxd::test::new_stream;
using outboxd::test::occurrences;
using outboxd::test::outboxd_environment;
using outboxd::test::Rows;
using outboxd::test::run_outboxd;
using outboxd::test::shared_postgres;
using outboxd::test::shared_redis;
using outboxd::test::TempDir;
using outboxd::test::with;

namespace {

void check_says(const Finished& ended, int status, const std::vector<std::string>& words) {
  CHECK(ended.status == status);
  const auto all = ended.out + ended.err;
  for (const auto& word : words) CHECK_MESSAGE(contains(all, word), word, " is not in: ", all);
}

/// Runs a command with this redirection of standard output, by a shell.
Finished run_redirected(const std::string& redirection, const std::vector<std::string>& arguments,
                        const Environment& environment) {
  outboxd::test::ChildOptions options{
      .command = {outboxd::test::find_program("bash"), "-c", redirection + "; exec \"$0\" \"$@\"",
                  outboxd::test::outboxd_program()},
      .environment = environment};
  options.command.insert(options.command.end(), arguments.begin(), arguments.end());
  outboxd::test::Child child{options};
  const int status = child.wait();
  return {status, child.out(), child.err()};
}

}  // namespace

TEST_CASE("lost output is reported and is no success, with every command") {
  const auto database = contract_database();
  const auto environment = with(outboxd_environment(database), {{"OUTBOXD_HTTP_LISTEN", "off"}});
  const auto stream = new_stream();
  for (const auto& [redirection, reason] :
       {std::pair<std::string, std::string>{"exec >/dev/full", "No space left on device"},
        {"exec >&-", "Bad file descriptor"},
        {"exec > >(true); wait $!", "Broken pipe"}}) {
    for (const std::vector<std::string>& command : {std::vector<std::string>{"--help"},
                                                    {"--version"},
                                                    {"help", "status"},
                                                    {"version"},
                                                    {"config", "show"},
                                                    {"config", "show", "--json"},
                                                    {"config", "check"},
                                                    {"migrate"},
                                                    {"migrate", "--dry-run"},
                                                    {"enqueue", stream, "a=1"},
                                                    {"status"},
                                                    {"status", "--json"},
                                                    {"status", "--watch"},
                                                    {"doctor", "--json"},
                                                    {"trace", "no-such-row"},
                                                    {"--once"}}) {
      CAPTURE(redirection);
      CAPTURE(command.front() + " " + command.back());
      const auto ended = run_redirected(redirection, command, environment);
      CHECK(ended.status == 1);
      CHECK_MESSAGE(contains(ended.err, "standard output"), ended.err);
      CHECK_MESSAGE(contains(ended.err, reason), ended.err);
    }
  }
  CHECK(count_rows(database, "dispatched_at IS NOT NULL") == 3);
}

TEST_CASE("--help and --version need no configuration") {
  check_says(run_outboxd({"--help"}), 0, {"--once", "--profile", "migrate", "enqueue", "Exit status"});
  check_says(run_outboxd({"--version"}), 0, {"outboxd "});
  check_says(run_outboxd({"no-such-command"}), 2, {"--help"});
  check_says(run_outboxd({"stauts"}), 2, {"stauts", "did you mean status?"});
}

TEST_CASE("config show: each value with its origin, file < environment < flags, secrets masked") {
  const TempDir folder;
  const auto file = folder.write("outboxd.toml",
                                 "profile = \"coordinator\"\n"
                                 "[dispatcher]\nbatch = 10\nlease = \"40s\"\nmaxlen = 7\n"
                                 "[dispatcher.stream_maxlen]\n\"caracal.audit.events\" = 1000000\n"
                                 "[postgres]\nurl = \"postgresql://u:pw-in-file@db/x\"\n");
  const auto show =
      run_outboxd({"config", "show", "--config", file.string(), "--batch", "12"},
                  {{"OUTBOX_BATCH_SIZE", "11"}, {"STREAMS_MAXLEN", "8"}, {"OUTBOX_INTERVAL_MS", "1500"}});
  check_says(
      show, 0,
      {"profile = \"coordinator\"  # file " + file.string() + ":1", "batch = 12  # flag --batch",
       "maxlen = 8  # environment STREAMS_MAXLEN", "poll_interval = \"1500ms\"  # environment OUTBOX_INTERVAL_MS",
       "lease = \"40s\"  # file " + file.string() + ":4", "max_attempts = 10  # profile coordinator",
       "port = 6379  # default", "\"caracal.audit.events\" = 1000000"});
  CHECK(!contains(show.out, "pw-in-file"));
}

TEST_CASE("config show: the environment names of the contract") {
  const auto api = run_outboxd({"config", "show"}, {{"CARACAL_OUTBOX_POLL_MS", "111"},
                                                    {"CARACAL_OUTBOX_BATCH", "112"},
                                                    {"CARACAL_OUTBOX_LOCK_SEC", "113"},
                                                    {"CARACAL_OUTBOX_MAX_ATTEMPTS", "114"},
                                                    {"CARACAL_OUTBOX_STREAM_MAXLEN", "115"},
                                                    {"OUTBOX_POLL_MS", "1"},
                                                    {"OUTBOX_INTERVAL_MS", "2"},
                                                    {"STREAMS_MAXLEN", "3"},
                                                    {"LOG_LEVEL", "warn"}});
  check_says(api, 0,
             {"poll_interval = \"111ms\"", "batch = 112 ", "lease = \"113s\"", "max_attempts = 114 ",
              "\nmaxlen = 115 ", "level = \"warn\""});
  const auto renamed = run_outboxd({"config", "show"}, {{"OUTBOX_POLL_MS", "121"},
                                                        {"OUTBOX_BATCH_SIZE", "122"},
                                                        {"OUTBOX_LOCK_SEC", "123"},
                                                        {"OUTBOX_MAX_ATTEMPTS", "124"},
                                                        {"OUTBOX_STREAM_MAXLEN", "125"}});
  check_says(
      renamed, 0,
      {"poll_interval = \"121ms\"", "batch = 122 ", "lease = \"123s\"", "max_attempts = 124 ", "\nmaxlen = 125 "});
  const auto coordinator =
      run_outboxd({"config", "show", "--profile", "coordinator"}, {{"OUTBOX_INTERVAL_MS", "131"},
                                                                   {"OUTBOX_BATCH_SIZE", "132"},
                                                                   {"OUTBOX_LOCK_SEC", "133"},
                                                                   {"OUTBOX_MAX_ATTEMPTS", "134"},
                                                                   {"STREAMS_MAXLEN", "135"},
                                                                   {"CARACAL_OUTBOX_BATCH", "1"}});
  check_says(coordinator, 0,
             {"poll_interval = \"131ms\"", "batch = 132 ", "lease = \"30s\"  # profile", "max_attempts = 134 ",
              "\nmaxlen = 135 "});
}

TEST_CASE("config check: all errors at once, each with its place, the range and the nearest key") {
  const TempDir folder;
  const auto file = folder.write("bad.toml",
                                 "[dispatcher]\n"
                                 "bacth = 3\n"
                                 "lease = 30\n"
                                 "max_attempts = 0\n"
                                 "[redis]\n"
                                 "  port = 99999\n"
                                 "[signing]\n"
                                 "key = \"pw-not-hex\"\n"
                                 "[nonsense]\n"
                                 "[logging]\n");
  const auto checked = run_outboxd({"config", "check", file.string()}, {});
  check_says(checked, 2,
             {file.string() + ":2:1: unknown key dispatcher.bacth; did you mean dispatcher.batch?",
              file.string() + ":3:9: dispatcher.lease", file.string() + ":4:16: dispatcher.max_attempts",
              "between 1 and 1000000", file.string() + ":6:10: redis.port", "between 1 and 65535",
              file.string() + ":8:7: signing.key", file.string() + ":9:2: unknown section nonsense",
              file.string() + ":10:2: unknown section logging; did you mean log?"});
  CHECK(!contains(checked.out + checked.err, "pw-not-hex"));
  check_says(run_outboxd({"config", "check", (folder / "none.toml").string()}, {}), 2, {"none.toml"});
  const auto broken = folder.write("broken.toml", "[dispatcher\nbatch = 1\n");
  check_says(run_outboxd({"config", "check", broken.string()}, {}), 2, {broken.string() + ":1:"});
  const auto good = folder.write("good.toml", "[postgres]\nurl = \"postgresql:///x\"\n[dispatcher]\nbatch = 3\n");
  check_says(run_outboxd({"config", "check", good.string()}, {}), 0, {"no problems"});
}

TEST_CASE("bad configuration stops every command before any row is touched") {
  const auto database = contract_database();
  insert_row(database, "a", new_stream(), "{}");
  const auto environment = outboxd_environment(database);
  check_says(run_outboxd({"--once"}, with(environment, {{"OUTBOXD_BACTH", "3"}})), 2, {"OUTBOXD_BATCH"});
  check_says(run_outboxd({"--once", "--bacth", "3"}, environment), 2, {"--bacth", "--batch"});
  check_says(run_outboxd({"--once", "--config", "/no/such/file"}, environment), 2, {"/no/such/file"});
  check_says(run_outboxd({"--once", "--profile", "other"}, environment), 2, {"api", "coordinator"});
  CHECK(count_rows(database, "attempts = 0 AND locked_until IS NULL") == 1);
}

TEST_CASE("a Postgres connection that can never work is refused by every command, by the parameter's name") {
  const auto stream = new_stream();
  const std::vector<std::vector<std::string>> commands{
      {"config", "check"}, {"run"},     {"--once", "--timeout", "60s"},
      {"status"},          {"migrate"}, {"enqueue", stream, "a=1"}};
  const std::string url = "postgresql://u:pw-hidden@127.0.0.1:1/x";
  for (const auto& [wrong, reason] : {std::pair{url + "?sslmode=hidden", "postgres.url: has sslmode set to none of"},
                                      {url + "hidden%0A", "postgres.url: has a dbname that ends in a line end"},
                                      {url + "#hidden", "postgres.url: has a '#' in its database name"},
                                      {"hostaddr=127.0.0.1 port=1 sslmode=verify-full dbname=hidden",
                                       "postgres.url: has sslmode=verify-full and a hostaddr without a host"},
                                      {url + "?foo=hidden", "postgres.url: has the parameter foo"},
                                      {"mysql://hidden/x", "postgres.url: begins with the scheme of something other"},
                                      {"hidden", "postgres.url: is neither a URL"}}) {
    for (const auto& command : commands) {
      CAPTURE(command.front());
      const auto ended = run_outboxd(command, {{"DATABASE_URL", wrong}});
      check_says(ended, 2, {std::string("environment DATABASE_URL: ") + reason});
      CHECK(!contains(ended.out + ended.err, "hidden"));
    }
  }
}

TEST_CASE("a connection string is checked without reading the password file") {
  const TempDir folder;
  const auto file = folder.write("pgpass", "*:*:*:*:secret-word\n");
  std::filesystem::permissions(file, std::filesystem::perms{0644});
  const auto checked =
      run_outboxd({"config", "check"}, {{"DATABASE_URL", "postgres://u@h/db"}, {"PGPASSFILE", file.string()}});
  CHECK(checked.status == 0);
  CHECK_MESSAGE(!contains(checked.err, "password file"), checked.err);
}

TEST_CASE("config check prints warnings, too") {
  const auto ended =
      run_outboxd({"config", "check"}, {{"DATABASE_URL", "postgresql://u@h/x?connection_limit=1&sslmode=require"},
                                        {"REDIS_URL", "redis://h/0?family=0"},
                                        {"OUTBOX_POLL_MS", "2147483647"},
                                        {"METRICS_BEARER", "0123456789abcdef"},
                                        {"METRICS_BEARER_FILE", "/nonexistent"}});
  check_says(ended, 0,
             {"warning: environment DATABASE_URL: postgres.url: the parameter connection_limit",
              "postgres.url: TLS to Postgres is not verified: sslmode=require",
              "warning: environment REDIS_URL: redis.url: the parameter family",
              "warning: environment OUTBOX_POLL_MS: dispatcher.poll_interval: is too large",
              "warning: environment METRICS_BEARER_FILE: METRICS_BEARER and METRICS_BEARER_FILE are both set",
              "warning: no signing key is set, and mode is not set: entries go out unsigned", "no problems"});
}

TEST_CASE("secrets are refused as flags, and not repeated") {
  for (const std::string flag :
       {"--redis-url", "--redis-password", "--postgres-url", "--signing-key", "--http-bearer"}) {
    for (const bool joined : {true, false}) {
      std::vector<std::string> command{"--once"};
      if (joined) {
        command.push_back(flag + "=pw-secret");
      } else {
        command.push_back(flag);
        command.emplace_back("pw-secret");
      }
      const auto refused = run_outboxd(command);
      check_says(refused, 2, {flag + "-file", "secret"});
      CHECK(!contains(refused.out + refused.err, "pw-secret"));
    }
  }
}

TEST_CASE("the signing key: not hex, short, missing where the mode needs one; no row is touched") {
  const auto database = contract_database();
  insert_row(database, "a", new_stream(), "{}");
  const auto environment = outboxd_environment(database);
  const TempDir folder;
  const std::string not_hex = "zz" + std::string(62, '4');
  folder.write("key", not_hex + "\n");
  const auto refused = [&](const Environment& changes, const std::vector<std::string>& words) {
    for (const std::vector<std::string>& command : {std::vector<std::string>{"--once"}, {"run"}}) {
      const auto ended = run_outboxd(command, with(environment, changes));
      check_says(ended, 2, words);
      CHECK(!contains(ended.out + ended.err, "zz44"));
      CHECK(!contains(ended.out + ended.err, "abab"));
    }
    CHECK(count_rows(database, "attempts = 0 AND locked_until IS NULL") == 1);
  };
  refused({{"STREAMS_HMAC_KEY", not_hex}}, {"STREAMS_HMAC_KEY", "not hex"});
  refused({{"STREAMS_HMAC_KEY", "ababab"}}, {"STREAMS_HMAC_KEY", "3 bytes", "at least 32"});
  refused({{"STREAMS_HMAC_KEY", ""}, {"STREAMS_HMAC_KEY_FILE", (folder / "key").string()}}, {"not hex"});
  refused({{"STREAMS_HMAC_KEY", ""}, {"STREAMS_HMAC_KEY_FILE", (folder / "none").string()}},
          {(folder / "none").string()});
  for (const std::string mode : {"rc", "stable"}) {
    refused({{"STREAMS_HMAC_KEY", ""}, {"CARACAL_MODE", mode}}, {"CARACAL_MODE", mode, "STREAMS_HMAC_KEY"});
  }
  CHECK(run_outboxd({"--once"}, with(environment, {{"CARACAL_MODE", "stable"}})).status == 0);
}

TEST_CASE("migrate: dry run, first run, second run, and then the daemon works") {
  const auto database = shared_postgres().create_database();
  const auto environment = outboxd_environment(database);
  const auto dry = run_outboxd({"migrate", "--dry-run"}, environment);
  check_says(dry, 0, {"CREATE TABLE event_outbox", "CREATE TABLE caracal_outbox"});
  CHECK(database.scalar("SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace") == "0");
  check_says(run_outboxd({"migrate", "--dry-run"}, {}), 0, {"CREATE TABLE event_outbox"});
  check_says(run_outboxd({"migrate"}, environment), 0, {"event_outbox: applied", "caracal_outbox: applied"});
  const auto schema =
      database.rows("SELECT oid, relname, xmin FROM pg_class WHERE relnamespace = 'public'::regnamespace ORDER BY 1");
  const auto again = run_outboxd({"migrate"}, environment);
  check_says(again, 0, {"event_outbox: already there", "caracal_outbox: already there"});
  CHECK(!contains(again.out, ": applied"));
  CHECK(database.rows(
            "SELECT oid, relname, xmin FROM pg_class WHERE relnamespace = 'public'::regnamespace ORDER BY 1") ==
        schema);
  CHECK(run_outboxd({"--once"}, environment).status == 0);
  // The dry run's script for psql does the same.
  const auto other = shared_postgres().create_database();
  other.exec(dry.out);
  check_says(run_outboxd({"migrate"}, outboxd_environment(other)), 0, {"event_outbox: already there"});
}

TEST_CASE("enqueue: arguments, JSON lines, and refused input") {
  const auto database = contract_database();
  const auto environment = outboxd_environment(database);
  const auto stream = new_stream("enqueued");
  const auto words =
      run_outboxd({"enqueue", stream, "event=policy.activated", "note=a=b ä", "version:=3"}, environment);
  CHECK(words.status == 0);
  CHECK(occurrences(words.out, "\n") == 1);
  const auto lines = run_outboxd({"enqueue", stream}, environment, "{\"n\": 1.10}\n{\"n\": {\"a\": null}}\n");
  CHECK(lines.status == 0);
  CHECK(occurrences(lines.out, "\n") == 2);
  CHECK(database.scalar("SELECT payload_json FROM event_outbox WHERE id = '" +
                        words.out.substr(0, words.out.size() - 1) + "'") ==
        R"({"note": "a=b ä", "event": "policy.activated", "version": 3})");
  CHECK(run_outboxd({"--once"}, environment).status == 0);
  const auto entries = shared_redis().probe().xrange(stream);
  REQUIRE(entries.size() == 3);
  CHECK(entries[0].at("note") == "a=b ä");
  CHECK(entries[1].at("n") == "1.10");
  CHECK(entries[2].at("n") == R"({"a":null})");

  check_says(run_outboxd({"enqueue", stream, "no-equals-sign"}, environment), 2, {"no-equals-sign"});
  check_says(run_outboxd({"enqueue", stream, "a:=not json"}, environment), 2, {"a"});
  check_says(run_outboxd({"enqueue", stream}, environment, "{\"n\": 1}\nnot json\n"), 2, {"line 2"});
  check_says(run_outboxd({"enqueue"}, environment), 2, {"STREAM"});
  check_says(run_outboxd({"enqueue", stream, "a=b", "--table", "no_such_table"}, environment), 2, {"no_such_table"});
  CHECK(count_rows(database) == 3);
}

TEST_CASE("rows are not inserted into tables of other layouts") {
  const auto ended = run_outboxd({"enqueue", "--layout", "caracal_outbox", "stream", "a=1"},
                                 {{"DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none"}});
  CHECK(ended.status == 2);
  CHECK(contains(ended.err, "layout caracal_outbox"));
  CHECK(contains(ended.err, "--dispatcher"));
}
