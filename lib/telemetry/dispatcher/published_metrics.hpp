// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/observer.hpp"
#include "telemetry/dispatcher/series.hpp"
#include "telemetry/last_minute.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace outboxd::telemetry {

/// Rows accepted by Redis, by stream, and in the last minute.
class PublishedMetrics final : public dispatch::Observer {
 public:
  explicit PublishedMetrics(const DispatcherSeries& series);

  void published(std::string_view stream, std::size_t rows) override;
  void sampled(const dispatch::BacklogSample& /*sample*/) override { beat(); }
  void sample_failed(std::string_view /*reason*/) override { beat(); }
  /// Updates the count of the last minute; to be called about once a second.
  void beat() { count_last_minute(0); }

 private:
  struct StringHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };

  void count_last_minute(std::size_t rows);
  prometheus::Counter& of_stream(std::string_view stream);

  DispatcherSeries series_;
  Family<prometheus::Counter>& family_;
  prometheus::Counter& others_;
  std::unordered_map<std::string, prometheus::Counter*, StringHash, std::equal_to<>> streams_;
  prometheus::Gauge& in_last_minute_;
  LastMinute last_minute_;
};

}  // namespace outboxd::telemetry
