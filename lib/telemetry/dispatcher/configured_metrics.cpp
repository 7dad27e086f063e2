// SPDX-License-Identifier: Apache-2.0
#include "telemetry/dispatcher/configured_metrics.hpp"

namespace outboxd::telemetry {

ConfiguredMetrics::ConfiguredMetrics(const DispatcherSeries& series)
    : series_{series},
      stream_maxlen_{series.gauges("outboxd_config_stream_maxlen_entries",
                                   "The bound of a stream that has one of its own (of no more than 200 streams).")} {
  set({});
}

void ConfiguredMetrics::set(const Configured& now) {
  const auto show = [this](const char* name, const char* help, double value) {
    series_.gauge(name, help).Set(value);
  };
  show("outboxd_config_batch_rows", "dispatcher.batch.", now.batch_rows);
  show("outboxd_config_max_batch_rows", "dispatcher.batch_max; 0: batches don't grow.", now.max_batch_rows);
  show("outboxd_config_batch_bytes", "dispatcher.batch_bytes.", static_cast<double>(now.batch_bytes));
  show("outboxd_config_max_rows_per_second", "dispatcher.max_rate; 0: no limit.", now.rows_per_second);
  show("outboxd_config_lease_seconds", "dispatcher.lease.", in_seconds(now.lease));
  show("outboxd_config_poll_interval_seconds", "dispatcher.poll_interval.", in_seconds(now.poll_interval));
  show("outboxd_config_retention_seconds", "dispatcher.retention; 0: published rows are kept.",
       in_seconds(now.retention));
  show("outboxd_config_max_attempts", "dispatcher.max_attempts.", now.max_attempts);
  show("outboxd_config_maxlen_entries", "The bound of streams that have none of their own.",
       static_cast<double>(now.maxlen));
  for (const auto& stream : streams_) stream_maxlen_.remove(series_.labels("stream", stream));
  streams_.clear();
  for (const auto& [stream, maxlen] : now.stream_maxlen) {
    if (streams_.size() == kMostStreams || !is_label(stream)) continue;
    stream_maxlen_.Add(series_.labels("stream", stream)).Set(static_cast<double>(maxlen));
    streams_.insert(stream);
  }
}

}  // namespace outboxd::telemetry
