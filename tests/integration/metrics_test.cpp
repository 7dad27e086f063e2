// SPDX-License-Identifier: Apache-2.0
// What /metrics says of a running daemon: the format by Prometheus' own tool, the documentation, and the servers.
#include "support/http.hpp"
#include "support/outbox_table.hpp"
#include "support/wait.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <sstream>

using outboxd::test::Child;
using outboxd::test::contains;
using outboxd::test::contract_database;
using outboxd::test::find_program;
using outboxd::test::http_get;
using outboxd::test::http_port;
using outboxd::test::insert_row;
using outboxd::test::insert_rows;
using outboxd::test::literal;
using outboxd::test::new_stream;
using outboxd::test::outboxd_environment;
using outboxd::test::PrivateRedis;
using outboxd::test::start_outboxd;
using outboxd::test::wait_until;
using outboxd::test::with;

namespace {

const std::vector<std::string> kRun{"run", "--http-listen", "127.0.0.1:0", "--poll-interval", "20ms"};

std::string scrape(std::uint16_t port) {
  return http_get(port, "/metrics").body;
}

/// The value of the one series with this name and these labels; -1 if there is none.
double value_of(const std::string& metrics, const std::string& name, const std::vector<std::string>& labels = {}) {
  std::istringstream lines(metrics);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(name + "{") && !line.starts_with(name + " ")) continue;
    bool fits = true;
    for (const auto& label : labels) fits = fits && contains(line, label);
    if (fits) return std::stod(line.substr(line.rfind(' ') + 1));
  }
  return -1;
}

std::set<std::string> names_in(const std::string& text, const std::regex& name) {
  std::set<std::string> names;
  for (std::sregex_iterator at{text.begin(), text.end(), name}; at != std::sregex_iterator{}; ++at) {
    names.insert((*at)[1]);
  }
  return names;
}

/// The part of the operator's page with the tables of metrics, those of the streams included.
std::string documented() {
  std::ifstream file{OUTBOXD_SOURCE_DIR "/deploy/README.md"};
  const std::string page{std::istreambuf_iterator<char>{file}, {}};
  const auto begin = page.find("\n### Metrics and alerts");
  return page.substr(begin, page.find("\n### Lag", begin) - begin);
}

std::string reason(const std::string& word) {
  return "reason=\"" + word + "\"";
}

}  // namespace

TEST_CASE("promtool accepts a scrape, and all of its metrics are documented, and no others") {
  const auto database = contract_database();
  const auto stream = new_stream("scrape");
  insert_rows(database, "a", stream, 3);
  auto command = kRun;
  command.insert(command.end(), {"--stream-maxlen", stream + "=1000"});
  const auto outboxd = start_outboxd(command, outboxd_environment(database));
  const auto port = http_port(*outboxd);
  wait_until([&] { return value_of(scrape(port), "outboxd_sample_timestamp_seconds") > 0; });
  const auto metrics = scrape(port);
  Child promtool{{.command = {find_program("promtool"), "check", "metrics"}, .input = metrics}};
  CHECK(promtool.wait() == 0);
  CHECK(promtool.out() + promtool.err() == "");
  const auto real = names_in(metrics, std::regex{"# TYPE (\\S+) "});
  CHECK(real.size() > 60);
  const auto described = names_in(documented(), std::regex{"`((?:outboxd|process)_[a-z_]+)"});
  for (const auto& name : real) CHECK_MESSAGE(described.contains(name), name, " is not in deploy/README.md");
  for (const auto& name : described) CHECK_MESSAGE(real.contains(name), name, " of deploy/README.md is in no scrape");
}

TEST_CASE("the rows of a table by their state, the latency of entries, servers, versions and settings") {
  const auto database = contract_database();
  const auto stream = new_stream("states");
  const auto row = [&](const std::string& id, const std::string& columns, const std::string& values) {
    database.exec("INSERT INTO event_outbox (id, stream_name, payload_json, created_at, " + columns + ") VALUES ('" +
                  id + "', " + literal(stream) + ", '{}', now() - interval '1 hour', " + values + ")");
  };
  row("dead", "available_at", "'infinity'");
  row("held", "available_at, attempts, locked_by, locked_until",
      "now(), 1, 'someone else', now() + interval '1 day'");
  row("again", "available_at, attempts, last_error", "now() + interval '1 day', 1, 'refused'");
  row("delayed", "available_at", "now() + interval '1 day'");
  row("waited", "available_at", "now() - interval '1 minute'");
  const auto outboxd = start_outboxd(kRun, outboxd_environment(database));
  const auto port = http_port(*outboxd);
  wait_until([&] { return value_of(scrape(port), "outboxd_last_settle_timestamp_seconds") > 0; });
  wait_until([&] { return value_of(scrape(port), "outboxd_pending_rows") == 3; });
  const auto metrics = scrape(port);
  for (const std::string count : {"delayed", "leased", "retrying", "dead"}) {
    CHECK_MESSAGE(value_of(metrics, "outboxd_" + count + "_rows") == 1, count);
    CHECK_MESSAGE(value_of(metrics, "outboxd_sample_capped", {"count=\"" + count + "\""}) == 0, count);
  }
  CHECK(value_of(metrics, "outboxd_oldest_dead_age_seconds") >= 3600);
  // Due for a minute.
  CHECK(value_of(metrics, "outboxd_commit_to_entry_seconds_count") == 1);
  CHECK(value_of(metrics, "outboxd_commit_to_entry_seconds_sum") >= 60);
  CHECK(value_of(metrics, "outboxd_commit_to_entry_seconds_sum") < 3600);
  for (const std::string server : {"postgres", "redis"}) {
    CHECK(value_of(metrics, "outboxd_server_up", {server}) == 1);
    CHECK(value_of(metrics, "outboxd_server_answered_timestamp_seconds", {server}) > 0);
    CHECK(value_of(metrics, "outboxd_reconnects_total", {server}) == 0);
  }
  CHECK(value_of(metrics, "outboxd_last_claim_timestamp_seconds") > 0);
  CHECK(value_of(metrics, "outboxd_last_publish_timestamp_seconds") > 0);
  for (const std::string library : {"libpqxx", "libpq", "hiredis", "openssl", "boost"}) {
    CHECK_MESSAGE(
        std::regex_search(metrics, std::regex{"outboxd_build_info\\{[^}]*\\b" + library + "=\"[0-9]+\\.[0-9]"}),
        library);
  }
  CHECK(value_of(metrics, "outboxd_config_poll_interval_seconds") == 0.02);
  CHECK(value_of(metrics, "outboxd_config_lease_seconds") > 0);
  CHECK(std::regex_search(
      metrics, std::regex{"outboxd_signing_info\\{key_id=\"[0-9a-f]{16}\",signed=\"true\",strict=\"false\"\\} 1"}));
  CHECK(value_of(metrics, "outboxd_breaker_open", {reason("unreachable")}) == 0);
  CHECK(value_of(metrics, "outboxd_waiting", {"for=\"redis\"", reason("unreachable")}) == 0);
}

TEST_CASE("failures are counted for as long as an outage lasts, and a refused password is no absence") {
  const PrivateRedis redis{{"requirepass first"}};
  auto probe = redis.probe();
  probe.command("AUTH", "first");
  const auto database = contract_database();
  const auto url = "redis://:first@127.0.0.1:" + std::to_string(redis.port()) + "/0";
  const auto outboxd = start_outboxd(kRun, with(outboxd_environment(database, redis), {{"REDIS_URL", url}}));
  const auto port = http_port(*outboxd);
  wait_until([&] { return value_of(scrape(port), "outboxd_server_up", {"redis"}) == 1; });
  probe.command("CONFIG", "SET", "requirepass", "second");
  probe.command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
  insert_row(database, "a", new_stream("login"), "{}");
  const auto failures = [&](const std::string& why) {
    return value_of(scrape(port), "outboxd_failures_total", {reason(why)});
  };
  wait_until([&] { return failures("redis_login_refused") >= 3; });
  const auto metrics = scrape(port);
  CHECK(value_of(metrics, "outboxd_server_up", {"redis"}) == 0);
  CHECK(value_of(metrics, "outboxd_server_up", {"postgres"}) == 1);
  CHECK(value_of(metrics, "outboxd_waiting", {"for=\"redis\"", reason("login_refused")}) == 1);
  CHECK(value_of(metrics, "outboxd_waiting_since_timestamp_seconds", {"for=\"redis\"", reason("login_refused")}) > 0);
  CHECK(value_of(metrics, "outboxd_breaker_open", {reason("login_refused")}) == 1);
  wait_until(
      [&] { return value_of(scrape(port), "outboxd_breaker_open_seconds_total", {reason("login_refused")}) > 0; });
  CHECK(failures("redis_unreachable") == 0);
  probe.command("CONFIG", "SET", "requirepass", "first");
  wait_until([&] { return value_of(scrape(port), "outboxd_last_publish_timestamp_seconds") > 0; });
  CHECK(value_of(scrape(port), "outboxd_reconnects_total", {"redis"}) >= 1);
  CHECK(value_of(scrape(port), "outboxd_waiting", {"for=\"redis\"", reason("login_refused")}) == 0);
}

TEST_CASE("a user whom Postgres refuses shows as that") {
  const auto database = contract_database();
  const auto url = std::regex_replace(database.url, std::regex{"//[^@/]*@"}, "//no_such_role@");
  const auto outboxd = start_outboxd(kRun, with(outboxd_environment(database), {{"DATABASE_URL", url}}));
  const auto port = http_port(*outboxd);
  wait_until(
      [&] { return value_of(scrape(port), "outboxd_failures_total", {reason("postgres_login_refused")}) >= 2; });
  const auto metrics = scrape(port);
  CHECK(value_of(metrics, "outboxd_waiting", {"for=\"postgres\"", reason("login_refused")}) == 1);
  CHECK(value_of(metrics, "outboxd_server_up", {"postgres"}) == 0);
  CHECK(value_of(metrics, "outboxd_failures_total", {reason("postgres_unreachable")}) == 0);
}
