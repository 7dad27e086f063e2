// SPDX-License-Identifier: Apache-2.0
#include "telemetry/dispatcher/published_metrics.hpp"

#include "telemetry/by_stream.hpp"

#include <utility>

namespace outboxd::telemetry {

PublishedMetrics::PublishedMetrics(const DispatcherSeries& series)
    : series_{series},
      family_{series.counters("outboxd_published_total",
                              "Rows accepted by Redis, by stream; streams past the first 200 count as \"other\".")},
      others_{family_.Add(series.labels("stream", kOtherStreams))},
      in_last_minute_{
          series.gauge("outboxd_published_last_minute", "Rows accepted by Redis in the last sixty seconds.")} {
  for (const auto& stream : series.streams()) of_stream(stream);
}

void PublishedMetrics::published(std::string_view stream, std::size_t rows) {
  of_stream(stream).Increment(static_cast<double>(rows));
  count_last_minute(rows);
}

void PublishedMetrics::count_last_minute(std::size_t rows) {
  const auto now = std::chrono::steady_clock::now();
  last_minute_.add(rows, now);
  in_last_minute_.Set(static_cast<double>(last_minute_.count(now)));
}

prometheus::Counter& PublishedMetrics::of_stream(std::string_view stream) {
  const auto known = streams_.find(stream);
  if (known != streams_.end()) return *known->second;
  if (streams_.size() >= kMostStreams || !is_label(stream)) return others_;
  std::string name(stream);
  auto& counter = family_.Add(series_.labels("stream", name));
  streams_.emplace(std::move(name), &counter);
  return counter;
}

}  // namespace outboxd::telemetry
