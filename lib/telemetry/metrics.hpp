// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <prometheus/counter.h>
#include <prometheus/registry.h>

#include <string>

namespace outboxd::telemetry {

/// All metrics of the process. Must outlive everything that counts into it.
class Metrics {
 public:
  /// Starts with what is the process' own; each dispatcher brings its series.
  Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;
  ~Metrics() = default;

  /// Everything in Prometheus' text format, version 0.0.4. Reads counters only, so that a scrape costs nobody a
  /// query.
  [[nodiscard]] std::string render() const;

  /// For those who define metrics; all others report through an observer.
  prometheus::Registry& registry() { return registry_; }

 private:
  prometheus::Registry registry_;
  prometheus::Counter& log_lines_dropped_;
};

}  // namespace outboxd::telemetry
