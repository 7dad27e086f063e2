// SPDX-License-Identifier: Apache-2.0
#include "telemetry/dispatcher/outcome_metrics.hpp"

namespace outboxd::telemetry {
namespace {

constexpr std::array kFaults{Fault::bad_row,           Fault::attempts_exhausted, Fault::refused,
                             Fault::entry_refused,     Fault::stream_refused,     Fault::stream_blocked,
                             Fault::redis_unavailable, Fault::redis_unreachable,  Fault::redis_login_refused,
                             Fault::unanswered,        Fault::lease_expiring,     Fault::out_of_memory,
                             Fault::stopping};
// Those that hit single streams or rows; an outage hits all streams, and the total of its reason is there from the
// start.
constexpr std::array kOfStreams{Fault::bad_row,       Fault::attempts_exhausted, Fault::refused,
                                Fault::entry_refused, Fault::stream_refused,     Fault::stream_blocked,
                                Fault::unanswered};
// Those that spend an attempt, and so end in a retry or in death, and those of which a row dies at once.
constexpr std::array kRetried{Fault::entry_refused, Fault::unanswered};
constexpr std::array kDeadly{Fault::bad_row, Fault::attempts_exhausted, Fault::entry_refused, Fault::unanswered};

}  // namespace

OutcomeMetrics::OutcomeMetrics(const DispatcherSeries& series)
    : all_failures_{series.counters(
          "outboxd_failures_total",
          "Claims that did not end in a published row, and tries to use a server that failed, by reason.")},
      labels_{series.labels()},
      failures_by_stream_{by_stream_and_fault(
          series.counters("outboxd_failures_by_stream_total",
                          "Claims that did not end in a published row, by stream as well; streams past 200 count as "
                          "\"other\"."),
          series.labels(), series.streams(), kOfStreams)},
      retries_{series.counter("outboxd_retries_total", "Claims that spent an attempt; the row is due again later.")},
      retries_by_stream_{by_stream_and_fault(
          series.counters("outboxd_retries_by_stream_total",
                          "As outboxd_retries_total, by stream and reason; streams past 200 count as \"other\"."),
          series.labels(), series.streams(), kRetried)},
      released_{series.counter("outboxd_released_total",
                               "Claims given back with their attempt, the row not being at fault.")},
      dead_{series.counter("outboxd_dead_total", "Rows declared dead: not tried again without an operator.")},
      dead_by_stream_{by_stream_and_fault(
          series.counters("outboxd_dead_by_stream_total",
                          "As outboxd_dead_total, by stream and reason; streams past 200 count as \"other\"."),
          series.labels(), series.streams(), kDeadly)},
      possible_duplicates_{series.counter("outboxd_possible_duplicates_total",
                                          "Rows sent again though they may already be in their stream.")} {
  for (const auto fault : kFaults) {
    failures_.at(static_cast<std::size_t>(fault)) = &all_failures_.Add(series.labels("reason", to_string(fault)));
  }
  for (const auto obstacle : kObstaclesOfPostgres) {
    all_failures_.Add(series.labels("reason", failure_label(Server::postgres, obstacle)));
  }
}

void OutcomeMetrics::failed(std::string_view stream, Fault fault, std::string_view /*reason*/) {
  const auto index = static_cast<std::size_t>(fault);
  if (index >= failures_.size() || failures_[index] == nullptr) return;
  failures_[index]->Increment();
  failures_by_stream_.of(stream, index).Increment();
}

void OutcomeMetrics::retried(std::string_view stream, Fault fault) {
  retries_.Increment();
  retries_by_stream_.of(stream, static_cast<std::size_t>(fault)).Increment();
}

void OutcomeMetrics::died(std::string_view /*id*/, std::string_view stream, Fault fault,
                          std::string_view /*reason*/) {
  dead_.Increment();
  dead_by_stream_.of(stream, static_cast<std::size_t>(fault)).Increment();
}

void OutcomeMetrics::server_failed(Server server, Obstacle obstacle) {
  auto labels = labels_;
  labels.emplace("reason", failure_label(server, obstacle));
  all_failures_.Add(labels).Increment();
}

}  // namespace outboxd::telemetry
