// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "telemetry/families.hpp"
#include "telemetry/metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace outboxd::telemetry {

/// Makes the series of one dispatcher, labelled `{dispatcher="name"}`. All of them exist from the start, since a
/// counter that appears with its first event hides that event from `rate()`.
class DispatcherSeries {
 public:
  /// `streams`: the streams known from the settings; others get their series when they first appear.
  DispatcherSeries(Metrics& metrics, const std::string& dispatcher, std::vector<std::string> streams)
      : families_{metrics.families()}, labels_{{"dispatcher", dispatcher}}, streams_{std::move(streams)} {}

  prometheus::Gauge& gauge(const char* name, const char* help) const { return gauges(name, help).Add(labels_); }
  prometheus::Counter& counter(const char* name, const char* help) const { return counters(name, help).Add(labels_); }
  prometheus::Histogram& histogram(const char* name, const char* help,
                                   const prometheus::Histogram::BucketBoundaries& buckets) const {
    return families_.family<prometheus::Histogram>(name, help).Add(labels_, buckets);
  }

  /// For gauges with further labels.
  Family<prometheus::Gauge>& gauges(const char* name, const char* help) const {
    return families_.family<prometheus::Gauge>(name, help);
  }
  Family<prometheus::Counter>& counters(const char* name, const char* help) const {
    return families_.family<prometheus::Counter>(name, help);
  }
  [[nodiscard]] prometheus::Labels labels() const { return labels_; }
  [[nodiscard]] prometheus::Labels labels(const std::string& name, const std::string& value) const {
    auto labels = labels_;
    labels.emplace(name, value);
    return labels;
  }
  [[nodiscard]] const std::vector<std::string>& streams() const { return streams_; }

 private:
  Families& families_;
  prometheus::Labels labels_;
  std::vector<std::string> streams_;
};

/// The time of day, in seconds since 1970.
[[nodiscard]] inline double unix_seconds_now() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

[[nodiscard]] inline double in_seconds(std::chrono::nanoseconds took) {
  return std::chrono::duration<double>(took).count();
}

}  // namespace outboxd::telemetry
