// SPDX-License-Identifier: Apache-2.0
#include "dispatch/observers.hpp"
#include "telemetry/dispatcher_metrics.hpp"
#include "telemetry/metrics.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <set>
#include <sstream>
#include <string>

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

// But those by stream and reason, whose totals are.
TEST_CASE("metrics: every family is there from the start") {
  Metrics metrics;
  const DispatcherMetrics dispatcher(metrics, "outbox", {});
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
  };
  CHECK(families_of(metrics) == expected);
  CHECK(value_of(metrics, R"(outboxd_build_info{version=")" OUTBOXD_VERSION R"("})") == "1");
}

TEST_CASE("metrics: every fault but none has a series at 0") {
  Metrics metrics;
  DispatcherMetrics of_dispatcher(metrics, "outbox", {});
  Observers dispatcher{of_dispatcher.observers()};
  CHECK(count_lines(metrics, "outboxd_failures_total{") == 12);
  for (const auto fault :
       {Fault::bad_row, Fault::attempts_exhausted, Fault::refused, Fault::entry_refused, Fault::stream_refused,
        Fault::stream_blocked, Fault::redis_unavailable, Fault::redis_unreachable, Fault::unanswered,
        Fault::lease_expiring, Fault::out_of_memory, Fault::stopping}) {
    const auto series =
        R"(outboxd_failures_total{dispatcher="outbox",reason=")" + std::string(to_string(fault)) + "\"}";
    CHECK(value_of(metrics, series) == "0");
    dispatcher.failed("s", fault, "why");
    CHECK(value_of(metrics, series) == "1");
  }
  dispatcher.failed("s", Fault::none, "");
  CHECK(count_lines(metrics, "outboxd_failures_total{") == 12);
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
  outbox.retried();
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

TEST_CASE("metrics: gauges are NaN before the first sample; later they keep their values and their time") {
  Metrics metrics;
  DispatcherMetrics of_outbox(metrics, "outbox", {});
  Observers outbox{of_outbox.observers()};
  const std::string label = R"({dispatcher="outbox"})";
  const auto number = [&](const std::string& name) { return std::stod(value_of(metrics, name + label)); };
  for (const auto* name : {"outboxd_pending_rows", "outboxd_due_rows", "outboxd_delayed_rows", "outboxd_dead_rows",
                           "outboxd_oldest_pending_age_seconds"}) {
    CHECK_MESSAGE(std::isnan(number(name)), name);
  }
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
  CHECK(count_lines(metrics, "outboxd_dead_by_stream_total{") == 202);
  CHECK(count_lines(metrics, "outboxd_failures_by_stream_total{") == 200);
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
