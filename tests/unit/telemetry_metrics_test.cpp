// SPDX-License-Identifier: Apache-2.0
#include "dispatch/observers.hpp"
#include "stream_metrics/page.hpp"
#include "telemetry/dispatcher_metrics.hpp"
#include "telemetry/metrics.hpp"
#include "telemetry/process_metrics.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <iterator>
#include <limits>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using outboxd::Fault;
using outboxd::dispatch::Health;
using outboxd::dispatch::Observers;
using outboxd::telemetry::DispatcherMetrics;
using outboxd::telemetry::Metrics;

namespace {

/// The value of the one series that starts with `series` and a space; "absent" where there is none.
std::string value_of(const Metrics& metrics, const std::string& series) {
  std::istringstream lines(metrics.render());
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(series + " ")) return line.substr(series.size() + 1);
  }
  return "absent";
}

/// Family name → type, as the comments of the format declare them.
std::set<std::string> families_of(const Metrics& metrics) {
  std::set<std::string> families;
  std::istringstream lines(metrics.render());
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("# TYPE ")) families.insert(line.substr(7));
  }
  return families;
}

std::size_t count_lines(const Metrics& metrics, const std::string& start) {
  std::size_t count = 0;
  std::istringstream lines(metrics.render());
  for (std::string line; std::getline(lines, line);) count += line.starts_with(start) ? 1U : 0U;
  return count;
}

}  // namespace

TEST_CASE("metrics: every family is there from the start") {
  Metrics metrics;
  DispatcherMetrics dispatcher(metrics, "outbox", {});
  const std::set<std::string> expected{
      "outboxd_build_info gauge",
      "outboxd_log_lines_dropped_total counter",
      "outboxd_pending_rows gauge",
      "outboxd_due_rows gauge",
      "outboxd_delayed_rows gauge",
      "outboxd_oldest_pending_age_seconds gauge",
      "outboxd_sample_timestamp_seconds gauge",
      "outboxd_sample_failures_total counter",
      "outboxd_held_up_rows gauge",
      "outboxd_locked_rows gauge",
      "outboxd_dead_rows gauge",
      "outboxd_ready gauge",
      "outboxd_blocked_streams gauge",
      "outboxd_published_last_minute gauge",
      "outboxd_has_wake_ups gauge",
      "outboxd_slow_look_seconds gauge",
      "outboxd_wake_ups_total counter",
      "outboxd_claimed_total counter",
      "outboxd_pruned_total counter",
      "outboxd_prune_completed_timestamp_seconds gauge",
      "outboxd_published_total counter",
      "outboxd_retries_total counter",
      "outboxd_released_total counter",
      "outboxd_dead_total counter",
      "outboxd_failures_total counter",
      "outboxd_possible_duplicates_total counter",
      "outboxd_leases_lost_total counter",
      "outboxd_rows_refused_by_postgres_total counter",
      "outboxd_dead_workers_total counter",
      "outboxd_reserved_fields_dropped_total counter",
      "outboxd_ambiguous_entries_total counter",
      "outboxd_claim_seconds histogram",
      "outboxd_publish_seconds histogram",
      "outboxd_settle_seconds histogram",
      "outboxd_batch_rows histogram",
      "outboxd_held_snapshot_seconds gauge",
      "outboxd_leased_rows gauge",
      "outboxd_retrying_rows gauge",
      "outboxd_oldest_dead_age_seconds gauge",
      "outboxd_sample_capped gauge",
      "outboxd_commit_to_entry_seconds histogram",
      "outboxd_last_claim_timestamp_seconds gauge",
      "outboxd_last_publish_timestamp_seconds gauge",
      "outboxd_last_settle_timestamp_seconds gauge",
      "outboxd_failures_by_stream_total counter",
      "outboxd_retries_by_stream_total counter",
      "outboxd_dead_by_stream_total counter",
      "outboxd_server_up gauge",
      "outboxd_server_answered_timestamp_seconds gauge",
      "outboxd_reconnects_total counter",
      "outboxd_waiting gauge",
      "outboxd_waiting_since_timestamp_seconds gauge",
      "outboxd_breaker_open gauge",
      "outboxd_breaker_open_seconds_total counter",
      "outboxd_stream_breaker_open gauge",
      "outboxd_stream_breaker_open_seconds_total counter",
      "outboxd_config_batch_rows gauge",
      "outboxd_config_max_batch_rows gauge",
      "outboxd_config_batch_bytes gauge",
      "outboxd_config_max_rows_per_second gauge",
      "outboxd_config_lease_seconds gauge",
      "outboxd_config_poll_interval_seconds gauge",
      "outboxd_config_retention_seconds gauge",
      "outboxd_config_max_attempts gauge",
      "outboxd_config_maxlen_entries gauge",
      "process_cpu_seconds_total counter",
      "process_resident_memory_bytes gauge",
      "process_virtual_memory_bytes gauge",
      "process_open_fds gauge",
      "process_max_fds gauge",
      "process_start_time_seconds gauge",
  };
  CHECK(families_of(metrics) == expected);
  CHECK(value_of(metrics, R"(outboxd_build_info{version=")" OUTBOXD_VERSION R"("})") == "1");
}

TEST_CASE("metrics: every family of the streams is there from the start") {
  outboxd::stream_metrics::Page page;
  page.add({.redis = "127.0.0.1:6379/0"});
  Metrics metrics;
  const auto without = families_of(metrics);
  metrics.append([&page]() -> const std::string& { return page.text(); });
  std::set<std::string> families;
  std::ranges::set_difference(families_of(metrics), without, std::inserter(families, families.end()));
  const std::set<std::string> expected{
      "outboxd_dispatcher_redis_info gauge",
      "outboxd_streams_sample_timestamp_seconds gauge",
      "outboxd_streams_sample_failures_total counter",
      "outboxd_streams_sample_seconds gauge",
      "outboxd_streams_not_sampled gauge",
      "outboxd_stream_groups_not_sampled gauge",
      "outboxd_redis_memory_used_bytes gauge",
      "outboxd_redis_memory_limit_bytes gauge",
      "outboxd_redis_role gauge",
      "outboxd_redis_connected_replicas gauge",
      "outboxd_redis_replication_offset_bytes gauge",
      "outboxd_stream_entries gauge",
      "outboxd_stream_bound_entries gauge",
      "outboxd_stream_entries_added_total counter",
      "outboxd_stream_memory_bytes gauge",
      "outboxd_stream_last_id_timestamp_seconds gauge",
      "outboxd_stream_went_back_total counter",
      "outboxd_stream_dead_letters gauge",
      "outboxd_stream_unknown gauge",
      "outboxd_stream_group_lag gauge",
      "outboxd_stream_group_lag_unknown gauge",
      "outboxd_stream_group_at_risk gauge",
      "outboxd_stream_group_trimmed_unread gauge",
      "outboxd_stream_group_trimmed_unread_unknown gauge",
      "outboxd_stream_group_lost_entries_total counter",
      "outboxd_stream_group_pending gauge",
      "outboxd_stream_group_oldest_pending_idle_seconds gauge",
      "outboxd_stream_group_consumers gauge",
  };
  CHECK(families == expected);
}

TEST_CASE("metrics: every fault but none has a series at 0") {
  Metrics metrics;
  DispatcherMetrics of_dispatcher(metrics, "outbox", {});
  Observers dispatcher{of_dispatcher.observers()};
  CHECK(count_lines(metrics, "outboxd_failures_total{") == 17);
  for (const auto fault :
       {Fault::bad_row, Fault::attempts_exhausted, Fault::refused, Fault::entry_refused, Fault::stream_refused,
        Fault::stream_blocked, Fault::redis_unavailable, Fault::redis_unreachable, Fault::redis_login_refused,
        Fault::unanswered, Fault::lease_expiring, Fault::out_of_memory, Fault::stopping}) {
    const auto series =
        R"(outboxd_failures_total{dispatcher="outbox",reason=")" + std::string(to_string(fault)) + "\"}";
    CHECK(value_of(metrics, series) == "0");
    dispatcher.failed("s", fault, "why");
    CHECK(value_of(metrics, series) == "1");
  }
  dispatcher.failed("s", Fault::none, "");
  CHECK(count_lines(metrics, "outboxd_failures_total{") == 17);
}

TEST_CASE("metrics: events are counted per dispatcher") {
  Metrics metrics;
  DispatcherMetrics of_outbox(metrics, "outbox", {"caracal.audit.events"});
  Observers outbox{of_outbox.observers()};
  const DispatcherMetrics other(metrics, "coordinator", {});
  CHECK(value_of(metrics, R"(outboxd_published_total{dispatcher="outbox",stream="caracal.audit.events"})") == "0");

  outbox.claimed(32, 4ms);
  outbox.claimed(0, 1ms);
  outbox.wrote(32, 2ms);
  outbox.settled(30, 2, 3ms);
  outbox.published("caracal.audit.events", 20);
  outbox.published("caracal.keys.invalidate", 10);
  outbox.published("caracal.keys.invalidate", 1);
  outbox.retried("s", Fault::entry_refused);
  outbox.released(false);
  outbox.died("1", "s", Fault::bad_row, "why");
  outbox.held_up(4);
  outbox.possible_duplicate();
  outbox.reserved_fields_dropped("s", 1);
  outbox.ambiguous_entry("1", "s", "why", false);
  outbox.ambiguous_entry("2", "s", "why", true);
  outbox.sampled({.pending = 1200, .dead = 3, .due = 700, .cap = 100000, .delayed = 5, .oldest_pending = 2500ms});

  const std::string label = R"({dispatcher="outbox"})";
  CHECK(value_of(metrics, "outboxd_claimed_total" + label) == "32");
  CHECK(value_of(metrics, "outboxd_claim_seconds_count" + label) == "2");
  CHECK(value_of(metrics, R"(outboxd_claim_seconds_bucket{dispatcher="outbox",le="0.001"})") == "1");
  CHECK(value_of(metrics, R"(outboxd_claim_seconds_bucket{dispatcher="outbox",le="10"})") == "2");
  CHECK(value_of(metrics, "outboxd_batch_rows_count" + label) == "1");
  CHECK(value_of(metrics, "outboxd_batch_rows_sum" + label) == "32");
  CHECK(value_of(metrics, "outboxd_publish_seconds_count" + label) == "1");
  CHECK(value_of(metrics, "outboxd_settle_seconds_count" + label) == "1");
  CHECK(value_of(metrics, "outboxd_leases_lost_total" + label) == "2");
  CHECK(value_of(metrics, R"(outboxd_published_total{dispatcher="outbox",stream="caracal.audit.events"})") == "20");
  CHECK(value_of(metrics, R"(outboxd_published_total{dispatcher="outbox",stream="caracal.keys.invalidate"})") ==
        "11");
  CHECK(value_of(metrics, "outboxd_retries_total" + label) == "1");
  CHECK(value_of(metrics, "outboxd_released_total" + label) == "1");
  CHECK(value_of(metrics, "outboxd_dead_total" + label) == "1");
  CHECK(value_of(metrics, "outboxd_possible_duplicates_total" + label) == "1");
  CHECK(value_of(metrics, "outboxd_reserved_fields_dropped_total" + label) == "1");
  CHECK(value_of(metrics, "outboxd_ambiguous_entries_total" + label) == "2");
  CHECK(value_of(metrics, "outboxd_pending_rows" + label) == "1200");
  CHECK(value_of(metrics, "outboxd_due_rows" + label) == "700");
  CHECK(value_of(metrics, "outboxd_delayed_rows" + label) == "5");
  CHECK(value_of(metrics, "outboxd_held_up_rows" + label) == "4");
  CHECK(value_of(metrics, "outboxd_dead_rows" + label) == "3");
  CHECK(value_of(metrics, "outboxd_oldest_pending_age_seconds" + label) == "2.5");
  CHECK(value_of(metrics, R"(outboxd_claimed_total{dispatcher="coordinator"})") == "0");
}

TEST_CASE("metrics: nothing pending is age 0, and only a working dispatcher is ready") {
  Metrics metrics;
  DispatcherMetrics of_outbox(metrics, "outbox", {});
  Observers outbox{of_outbox.observers()};
  outbox.sampled({.pending = 1, .dead = 0, .due = 0, .cap = 10, .oldest_pending = 9s});
  outbox.sampled({.pending = 0, .dead = 0, .due = 0, .cap = 10, .oldest_pending = std::nullopt});
  CHECK(value_of(metrics, R"(outboxd_oldest_pending_age_seconds{dispatcher="outbox"})") == "0");
  const std::string ready = R"(outboxd_ready{dispatcher="outbox"})";
  CHECK(value_of(metrics, ready) == "0");
  outbox.health(Health::working, "");
  CHECK(value_of(metrics, ready) == "1");
  outbox.health(Health::redis_unavailable, "refused");
  CHECK(value_of(metrics, ready) == "0");
}

TEST_CASE("metrics: gauges are NaN before the first sample, keep their values for two minutes, and are NaN again") {
  Metrics metrics;
  DispatcherMetrics of_outbox(metrics, "outbox", {});
  Observers outbox{of_outbox.observers()};
  const std::string label = R"({dispatcher="outbox"})";
  const auto number = [&](const std::string& name) { return std::stod(value_of(metrics, name + label)); };
  const auto all_unknown = [&] {
    for (const auto* name : {"outboxd_pending_rows", "outboxd_due_rows", "outboxd_delayed_rows", "outboxd_dead_rows",
                             "outboxd_leased_rows", "outboxd_retrying_rows", "outboxd_locked_rows",
                             "outboxd_oldest_pending_age_seconds", "outboxd_oldest_dead_age_seconds"}) {
      CHECK_MESSAGE(std::isnan(number(name)), name);
    }
    CHECK(value_of(metrics, R"(outboxd_sample_capped{count="dead",dispatcher="outbox"})") == "NaN");
  };
  all_unknown();
  CHECK(number("outboxd_sample_timestamp_seconds") == 0);
  const auto before = std::chrono::system_clock::now().time_since_epoch();
  outbox.sampled({.pending = 7, .dead = 2, .due = 1, .cap = 10, .delayed = 3, .oldest_pending = 9s});
  const auto sampled_at = number("outboxd_sample_timestamp_seconds");
  CHECK(sampled_at >= std::chrono::duration<double>(before).count() - 0.001);
  outbox.sample_failed("too many clients");
  outbox.sample_failed("too many clients");
  CHECK(number("outboxd_pending_rows") == 7);
  CHECK(number("outboxd_dead_rows") == 2);
  CHECK(number("outboxd_delayed_rows") == 3);
  CHECK(number("outboxd_oldest_pending_age_seconds") == 9);
  CHECK(number("outboxd_sample_timestamp_seconds") == sampled_at);
  CHECK(number("outboxd_sample_failures_total") == 2);

  const std::chrono::steady_clock::time_point start{1h};
  of_outbox.beat(start);
  of_outbox.beat(start + 119s);
  CHECK(number("outboxd_pending_rows") == 7);
  of_outbox.beat(start + 120s);
  all_unknown();
  CHECK(number("outboxd_sample_timestamp_seconds") == sampled_at);
  outbox.sampled({.pending = 7, .dead = 2, .due = 1, .cap = 10, .delayed = 3, .oldest_pending = 9s});
  of_outbox.beat(start + 121s);
  CHECK(number("outboxd_pending_rows") == 7);
  // Samples may also cease without a failure.
  of_outbox.beat(start + 300s);
  all_unknown();
}

TEST_CASE("metrics: counts that stopped at their cap show it") {
  Metrics metrics;
  DispatcherMetrics of_outbox(metrics, "outbox", {});
  Observers outbox{of_outbox.observers()};
  const auto capped = [&](const std::string& count) {
    return value_of(metrics, R"(outboxd_sample_capped{count=")" + count + R"(",dispatcher="outbox"})");
  };
  outbox.sampled({.pending = 10,
                  .dead = 9,
                  .due = 3,
                  .cap = 10,
                  .oldest_pending = std::nullopt,
                  .leased = 4,
                  .retrying = 5,
                  .oldest_dead = 90s,
                  .more_due = false,
                  .more_later = true});
  CHECK(capped("pending") == "1");
  CHECK(capped("dead") == "0");
  CHECK(capped("due") == "0");
  CHECK(capped("delayed") == "1");
  CHECK(capped("retrying") == "1");
  CHECK(capped("leased") == "1");
  const std::string label = R"({dispatcher="outbox"})";
  CHECK(value_of(metrics, "outboxd_leased_rows" + label) == "4");
  CHECK(value_of(metrics, "outboxd_retrying_rows" + label) == "5");
  CHECK(value_of(metrics, "outboxd_oldest_dead_age_seconds" + label) == "90");
  // A table without a time to say that.
  outbox.sampled({.dead = 1, .cap = 10, .oldest_pending = std::nullopt});
  CHECK(value_of(metrics, "outboxd_oldest_dead_age_seconds" + label) == "NaN");
  CHECK(capped("pending") == "0");
}

TEST_CASE("metrics: known streams have all their series from the start") {
  Metrics metrics;
  const DispatcherMetrics of_outbox(metrics, "outbox", {"caracal.audit.events"});
  const auto at_zero = [&](const std::string& name, const std::string& reason) {
    for (const auto* stream : {"caracal.audit.events", "other"}) {
      CHECK_MESSAGE(value_of(metrics, name + R"({dispatcher="outbox",reason=")" + reason + R"(",stream=")" + stream +
                                          "\"}") == "0",
                    name, " ", reason);
    }
  };
  for (const auto* reason : {"bad_row", "attempts_exhausted", "entry_refused", "unanswered"}) {
    at_zero("outboxd_dead_by_stream_total", reason);
    at_zero("outboxd_failures_by_stream_total", reason);
  }
  at_zero("outboxd_retries_by_stream_total", "entry_refused");
  at_zero("outboxd_retries_by_stream_total", "unanswered");
  at_zero("outboxd_failures_by_stream_total", "stream_refused");
  at_zero("outboxd_stream_breaker_open_seconds_total", "no_permission");
}

TEST_CASE("metrics: the latency of entries is never negative, and shows when the last one was taken") {
  Metrics metrics;
  DispatcherMetrics of_outbox(metrics, "outbox", {});
  Observers outbox{of_outbox.observers()};
  const std::string label = R"({dispatcher="outbox"})";
  CHECK(value_of(metrics, "outboxd_last_publish_timestamp_seconds" + label) == "0");
  CHECK(value_of(metrics, "outboxd_last_claim_timestamp_seconds" + label) == "0");
  CHECK(value_of(metrics, "outboxd_last_settle_timestamp_seconds" + label) == "0");
  const std::vector<std::chrono::nanoseconds> latencies{-5s, 3ms, 40ms, 3h};
  outbox.reached_streams(latencies);
  const auto bucket = [&](const std::string& bound) {
    return value_of(metrics, R"(outboxd_commit_to_entry_seconds_bucket{dispatcher="outbox",le=")" + bound + "\"}");
  };
  CHECK(bucket("0.0025") == "1");
  CHECK(bucket("0.005") == "2");
  CHECK(bucket("0.05") == "3");
  CHECK(bucket("7200") == "3");
  CHECK(bucket("+Inf") == "4");
  CHECK(value_of(metrics, "outboxd_commit_to_entry_seconds_count" + label) == "4");
  CHECK(value_of(metrics, "outboxd_commit_to_entry_seconds_sum" + label) == "10800.043");
  CHECK(std::stod(value_of(metrics, "outboxd_last_publish_timestamp_seconds" + label)) > 1.7e9);
  outbox.claimed(0, 1ms);
  CHECK(std::stod(value_of(metrics, "outboxd_last_claim_timestamp_seconds" + label)) > 1.7e9);
  outbox.settled(0, 1, 1ms);
  CHECK(value_of(metrics, "outboxd_last_settle_timestamp_seconds" + label) == "0");
  outbox.settled(1, 0, 1ms);
  CHECK(std::stod(value_of(metrics, "outboxd_last_settle_timestamp_seconds" + label)) > 1.7e9);
}

TEST_CASE("metrics: a name with two types is a mistake") {
  outboxd::telemetry::Families families;
  families.family<prometheus::Gauge>("a", "help");
  CHECK_THROWS_AS(families.family<prometheus::Counter>("a", "help"), std::logic_error);
}

TEST_CASE("metrics: the numbers and texts of the format") {
  outboxd::telemetry::Families families;
  auto& family = families.family<prometheus::Gauge>("a", "one\ntwo \\");
  family.Add({{"x", "1"}}).Set(0.1);
  family.Add({{"x", "2"}}).Set(1e9);
  family.Add({{"x", "3"}}).Set(-std::numeric_limits<double>::infinity());
  family.Add({{"x", "4"}}).Set(1'764'301'000.25);
  family.remove({{"x", "5"}});
  family.Add({{"x", "6"}});
  family.remove({{"x", "6"}});
  std::string text;
  families.append_to(text);
  CHECK(text ==
        "# HELP a one\\ntwo \\\\\n# TYPE a gauge\na{x=\"1\"} 0.1\na{x=\"2\"} 1000000000\na{x=\"3\"} -Inf\n"
        "a{x=\"4\"} 1764301000.25\n");
}

TEST_CASE("metrics: the process' own figures") {
  const auto stat = outboxd::telemetry::parse_stat(
      "12 (a) b) S 1 1 1 0 -1 4194304 1 0 0 0 250 50 0 0 20 0 9 0 1000 8192000 300 18446744073709551615", 100, 4096);
  REQUIRE(stat);
  CHECK(stat->cpu_seconds == 3);
  CHECK(stat->started_after_seconds == 10);
  CHECK(stat->virtual_bytes == 8'192'000);
  CHECK(stat->resident_bytes == 300 * 4096);
  CHECK_FALSE(outboxd::telemetry::parse_stat("12 (a) S 1", 100, 4096));
  CHECK_FALSE(outboxd::telemetry::parse_stat("", 100, 4096));
  const Metrics metrics;
  const auto number = [&](const std::string& name) { return std::stod(value_of(metrics, name)); };
  CHECK(number("process_resident_memory_bytes") > 100'000);
  CHECK(number("process_virtual_memory_bytes") >= number("process_resident_memory_bytes"));
  CHECK(number("process_open_fds") >= 3);
  CHECK(number("process_max_fds") >= number("process_open_fds"));
  const auto now = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  CHECK(number("process_start_time_seconds") <= now + 1);
  CHECK(number("process_start_time_seconds") > now - 86'400);
}

TEST_CASE("metrics: deaths and failures are counted by stream and reason, of no more than 200 streams") {
  Metrics metrics;
  DispatcherMetrics of_outbox(metrics, "outbox", {"configured"});
  Observers outbox{of_outbox.observers()};
  for (int i = 0; i < 1000; ++i) {
    outbox.failed("s" + std::to_string(i), Fault::bad_row, "why");
    outbox.died("1", "s" + std::to_string(i), Fault::bad_row, "why");
  }
  outbox.died("1", "configured", Fault::entry_refused, "why");
  outbox.died("1", "configured", Fault::bad_row, "why");
  outbox.died("1", "configured", Fault::bad_row, "why");
  outbox.died("1", "", Fault::bad_row, "it can't be read");
  outbox.died("1", "a\xff", Fault::bad_row, "why");
  const auto dead = [&](const std::string& stream, const std::string& reason) {
    return value_of(metrics, R"(outboxd_dead_by_stream_total{dispatcher="outbox",reason=")" + reason +
                                 R"(",stream=")" + stream + "\"}");
  };
  CHECK(dead("configured", "bad_row") == "2");
  CHECK(dead("configured", "entry_refused") == "1");
  CHECK(dead("s0", "bad_row") == "1");
  CHECK(dead("other", "bad_row") == "803");
  // Four reasons of the configured stream and of the others, and one of each of 199 further streams.
  CHECK(count_lines(metrics, "outboxd_dead_by_stream_total{") == 2 * 4 + 199);
  CHECK(count_lines(metrics, "outboxd_failures_by_stream_total{") == 2 * 7 + 199);
  CHECK(value_of(metrics, R"(outboxd_dead_total{dispatcher="outbox"})") == "1005");
}

TEST_CASE("metrics: streams named by rows can't grow the output without bound") {
  Metrics metrics;
  DispatcherMetrics of_outbox(metrics, "outbox", {"configured"});
  Observers outbox{of_outbox.observers()};
  for (int i = 0; i < 1000; ++i) outbox.published("s" + std::to_string(i), 1);
  outbox.published("configured", 5);
  outbox.published(std::string(100'000, 'x'), 1);
  // 200 by name, and the rest in one.
  CHECK(count_lines(metrics, "outboxd_published_total{") == 201);
  CHECK(value_of(metrics, R"(outboxd_published_total{dispatcher="outbox",stream="configured"})") == "5");
  CHECK(value_of(metrics, R"(outboxd_published_total{dispatcher="outbox",stream="s0"})") == "1");
  CHECK(value_of(metrics, R"(outboxd_published_total{dispatcher="outbox",stream="other"})") == "802");
}

TEST_CASE("metrics: a stream's name can't break the format") {
  Metrics metrics;
  DispatcherMetrics of_outbox(metrics, "outbox", {});
  Observers outbox{of_outbox.observers()};
  outbox.published("a\"b\\c\nd", 1);
  CHECK(value_of(metrics, R"(outboxd_published_total{dispatcher="outbox",stream="a\"b\\c\nd"})") == "1");
}

TEST_CASE("metrics: a stream whose name is no UTF-8 counts among the others") {
  Metrics metrics;
  DispatcherMetrics of_dispatcher(metrics, "outbox", {});
  Observers dispatcher{of_dispatcher.observers()};
  dispatcher.published("a\xff", 1);
  dispatcher.published("größe", 1);
  CHECK(value_of(metrics, R"(outboxd_published_total{dispatcher="outbox",stream="other"})") == "1");
  CHECK(value_of(metrics, R"(outboxd_published_total{dispatcher="outbox",stream="größe"})") == "1");
  CHECK(value_of(metrics, "outboxd_log_lines_dropped_total") == "0");
}
