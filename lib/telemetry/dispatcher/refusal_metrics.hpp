// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/observer.hpp"
#include "telemetry/dispatcher/series.hpp"

namespace outboxd::telemetry {

/// Rows that Postgres refuses, and streams that Redis refuses, while other rows and streams are taken.
class RefusalMetrics final : public dispatch::Observer {
 public:
  explicit RefusalMetrics(const DispatcherSeries& series)
      : refused_by_postgres_{series.counter(
            "outboxd_rows_refused_by_postgres_total",
            "Rows that Postgres would not let be claimed or settled with their batch.")},
        held_up_rows_{
            series.gauge("outboxd_held_up_rows",
                         "Rows that Postgres refuses while it takes others, and that wait for their next try.")},
        blocked_streams_{series.gauge("outboxd_blocked_streams",
                                      "Streams whose rows wait because Redis refuses them while it takes others.")} {}

  void refused_by_store(std::span<const dispatch::RefusedRow> rows) override {
    refused_by_postgres_.Increment(static_cast<double>(rows.size()));
  }
  void held_up(std::size_t rows) override { held_up_rows_.Set(static_cast<double>(rows)); }
  void stream_blocked(std::string_view /*stream*/, std::string_view /*reason*/, std::size_t blocked) override {
    blocked_streams_.Set(static_cast<double>(blocked));
  }
  void stream_freed(std::string_view /*stream*/, std::chrono::nanoseconds /*after*/, std::size_t blocked) override {
    blocked_streams_.Set(static_cast<double>(blocked));
  }

 private:
  prometheus::Counter& refused_by_postgres_;
  prometheus::Gauge& held_up_rows_;
  prometheus::Gauge& blocked_streams_;
};

}  // namespace outboxd::telemetry
