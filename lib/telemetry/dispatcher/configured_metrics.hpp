// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "telemetry/by_stream.hpp"
#include "telemetry/dispatcher/series.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <set>
#include <string>

namespace outboxd::telemetry {

/// The settings of a dispatcher that its metrics show.
struct Configured {
  std::uint32_t batch_rows = 0;
  std::uint32_t max_batch_rows = 0;
  std::uint64_t batch_bytes = 0;
  std::uint32_t rows_per_second = 0;
  std::chrono::milliseconds lease{0};
  std::chrono::milliseconds poll_interval{0};
  std::chrono::milliseconds retention{0};
  std::uint32_t max_attempts = 0;
  std::uint64_t maxlen = 0;
  /// Of the streams with a bound of their own.
  std::map<std::string, std::uint64_t> stream_maxlen{};
};

/// The configuration, so that figures can be compared with it.
class ConfiguredMetrics {
 public:
  explicit ConfiguredMetrics(const DispatcherSeries& series);

  void set(const Configured& now);

 private:
  DispatcherSeries series_;
  Family<prometheus::Gauge>& stream_maxlen_;
  /// Those with a series.
  std::set<std::string> streams_;
};

}  // namespace outboxd::telemetry
