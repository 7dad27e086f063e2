// SPDX-License-Identifier: Apache-2.0
#include "telemetry/dispatcher/outcome_metrics.hpp"

namespace outboxd::telemetry {

OutcomeMetrics::OutcomeMetrics(const DispatcherSeries& series)
    : failures_by_stream_{series.counters(
                              "outboxd_failures_by_stream_total",
                              "As outboxd_failures_total, by stream as well; streams past 200 count as \"other\"."),
                          series.labels(), series.streams()},
      retries_{series.counter("outboxd_retries_total", "Claims that spent an attempt; the row is due again later.")},
      released_{series.counter("outboxd_released_total",
                               "Claims given back with their attempt, the row not being at fault.")},
      dead_{series.counter("outboxd_dead_total", "Rows declared dead: not tried again without an operator.")},
      dead_by_stream_{
          series.counters("outboxd_dead_by_stream_total",
                          "As outboxd_dead_total, by stream and reason; streams past 200 count as \"other\"."),
          series.labels(), series.streams()},
      possible_duplicates_{series.counter("outboxd_possible_duplicates_total",
                                          "Rows sent again though they may already be in their stream.")} {
  auto& failures =
      series.counters("outboxd_failures_total", "Claims that did not end in a published row, by reason.");
  for (std::size_t i = 0; i < failures_.size(); ++i) {
    const auto fault = static_cast<Fault>(i);
    if (fault != Fault::none) failures_[i] = &failures.Add(series.labels("reason", to_string(fault)));
  }
}

void OutcomeMetrics::failed(std::string_view stream, Fault fault, std::string_view /*reason*/) {
  const auto index = static_cast<std::size_t>(fault);
  if (index >= failures_.size() || failures_[index] == nullptr) return;
  failures_[index]->Increment();
  failures_by_stream_.of(stream, fault).Increment();
}

void OutcomeMetrics::died(std::string_view /*id*/, std::string_view stream, Fault fault,
                          std::string_view /*reason*/) {
  dead_.Increment();
  dead_by_stream_.of(stream, fault).Increment();
}

}  // namespace outboxd::telemetry
