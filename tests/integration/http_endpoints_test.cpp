// SPDX-License-Identifier: Apache-2.0
// The pages of a running daemon, with real rows.
#include "support/http.hpp"
#include "support/outbox_table.hpp"
#include "support/wait.hpp"

#include <doctest/doctest.h>

#include <sstream>

using outboxd::test::contains;
using outboxd::test::contract_database;
using outboxd::test::count_rows;
using outboxd::test::http_get;
using outboxd::test::http_port;
using outboxd::test::insert_row;
using outboxd::test::insert_rows;
using outboxd::test::literal;
using outboxd::test::new_stream;
using outboxd::test::outboxd_environment;
using outboxd::test::run_outboxd;
using outboxd::test::shared_redis;
using outboxd::test::start_outboxd;
using outboxd::test::wait_until;
using outboxd::test::with;

namespace {

const std::vector<std::string> kRun{"run", "--http-listen", "127.0.0.1:0", "--poll-interval", "20ms"};

/// The sum of a metric's series with all these labels; -1 if there is none.
double value_of(const std::string& metrics, const std::string& name, const std::vector<std::string>& labels = {}) {
  std::istringstream lines(metrics);
  std::string line;
  double sum = 0;
  bool found = false;
  while (std::getline(lines, line)) {
    if (!line.starts_with(name + "{") && !line.starts_with(name + " ")) continue;
    bool fits = true;
    for (const auto& label : labels) fits = fits && contains(line, label);
    if (!fits) continue;
    found = true;
    sum += std::stod(line.substr(line.rfind(' ') + 1));
  }
  return found ? sum : -1;
}

}  // namespace

TEST_CASE("the metrics of claiming, publishing and settling exist, and change") {
  const auto database = contract_database();
  const auto stream = new_stream("metrics");
  const auto wrong = new_stream("wrong-type");
  shared_redis().probe().command("SET", wrong, "a string");
  database.exec(
      "INSERT INTO event_outbox (id, stream_name, payload_json, available_at, created_at) VALUES ('later', " +
      literal(stream) + ", '{}', now() + interval '1 day', now() - interval '1 hour')");
  const auto outboxd = start_outboxd(kRun, outboxd_environment(database));
  const auto port = http_port(*outboxd);
  wait_until([&] { return http_get(port, "/readyz").status == 200; });
  const auto metrics = [&] { return http_get(port, "/metrics").body; };
  wait_until([&] { return value_of(metrics(), "outboxd_sample_timestamp_seconds") > 0; });
  const auto before = metrics();
  for (const std::string name :
       {"outboxd_pending_rows", "outboxd_oldest_pending_age_seconds", "outboxd_dead_rows", "outboxd_published_total",
        "outboxd_retries_total", "outboxd_failures_total", "outboxd_claim_seconds_bucket",
        "outboxd_publish_seconds_bucket", "outboxd_settle_seconds_bucket", "outboxd_ready"}) {
    CHECK_MESSAGE(value_of(before, name) >= 0, name);
  }
  CHECK(value_of(before, "outboxd_published_total") == 0);

  insert_rows(database, "a", stream, 300);
  insert_row(database, "not-an-object", stream, "[]");
  insert_row(database, "reserved", stream, R"({"_sig": 1, "outbox_id": 2})");
  database.exec("INSERT INTO event_outbox (id, stream_name, payload_json, attempts) VALUES ('refused', " +
                literal(wrong) + ", '{}', 20)");
  wait_until([&] { return count_rows(database, "attempts = 1 AND locked_until IS NULL") == 302; });
  wait_until([&] { return count_rows(database, "id = 'refused' AND last_error LIKE '%WRONGTYPE%'") == 1; });
  // The gauges change with the next sample.
  wait_until([&] {
    return value_of(metrics(), "outboxd_pending_rows") == 2 && value_of(metrics(), "outboxd_dead_rows") == 1;
  });
  const auto after = metrics();
  CHECK(value_of(after, "outboxd_published_total", {"stream=\"" + stream + "\""}) == 301);
  CHECK(value_of(after, "outboxd_published_total") == 301);
  CHECK(value_of(after, "outboxd_reserved_fields_dropped_total") == 2);
  CHECK(value_of(after, "outboxd_retries_total") == 0);
  CHECK(value_of(after, "outboxd_blocked_streams") == 1);
  CHECK(value_of(after, "outboxd_failures_total", {"reason=\"bad_row\""}) == 1);
  CHECK(value_of(after, "outboxd_failures_total", {"reason=\"stream_refused\""}) >= 1);
  CHECK(value_of(after, "outboxd_failures_total", {"reason=\"entry_refused\""}) == 0);
  CHECK(value_of(after, "outboxd_dead_by_stream_total", {"stream=\"" + stream + "\"", "reason=\"bad_row\""}) == 1);
  CHECK(value_of(after, "outboxd_failures_by_stream_total",
                 {"stream=\"" + wrong + "\"", "reason=\"stream_refused\""}) >= 1);
  CHECK(value_of(after, "outboxd_unsigned") == 0);
  // The row of an hour ago is delayed until tomorrow.
  CHECK(value_of(after, "outboxd_oldest_pending_age_seconds") < 3600);
  CHECK(value_of(after, "outboxd_delayed_rows") == 1);
  for (const std::string histogram : {"claim", "publish", "settle"}) {
    CHECK(value_of(after, "outboxd_" + histogram + "_seconds_count") >
          value_of(before, "outboxd_" + histogram + "_seconds_count"));
    CHECK(value_of(after, "outboxd_" + histogram + "_seconds_sum") > 0);
  }
  // Claimed = published + retried + dead + released.
  CHECK(value_of(after, "outboxd_claimed_total") ==
        value_of(after, "outboxd_published_total") + value_of(after, "outboxd_retries_total") +
            value_of(after, "outboxd_dead_total") + value_of(after, "outboxd_released_total"));
}

TEST_CASE("/metrics requires the bearer token, the probes don't") {
  const auto database = contract_database();
  const auto environment = with(outboxd_environment(database), {{"METRICS_BEARER", "the-token"}});
  const auto outboxd = start_outboxd(kRun, environment);
  const auto port = http_port(*outboxd);
  CHECK(http_get(port, "/metrics").status == 401);
  CHECK(http_get(port, "/metrics", {{"Authorization", "Bearer the-toke"}}).status == 401);
  CHECK(http_get(port, "/metrics", {{"Authorization", "Bearer the-token"}}).status == 200);
  CHECK(http_get(port, "/healthz").status == 200);
  wait_until([&] { return http_get(port, "/readyz").status == 200; });
  CHECK(http_get(port, "/elsewhere").status == 404);
}

TEST_CASE("it listens on 127.0.0.1:9464 by default") {
  const auto show = run_outboxd({"config", "show"}, {});
  CHECK(contains(show.out, "listen = \"127.0.0.1:9464\"  # default"));
}
