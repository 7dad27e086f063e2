// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <prometheus/counter.h>
#include <prometheus/registry.h>

#include <string>

namespace outboxd::telemetry {

/// All metrics of the process. Must outlive every object that updates them.
class Metrics {
 public:
  /// Has the metrics of the process itself; each dispatcher adds its series.
  Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;
  ~Metrics() = default;

  /// All metrics in Prometheus' text format, version 0.0.4. Reads counters only, so that a scrape causes no query.
  [[nodiscard]] std::string render() const;

  /// For code that defines metrics; all other code reports through an observer.
  prometheus::Registry& registry() { return registry_; }

 private:
  prometheus::Registry registry_;
  prometheus::Counter& log_lines_dropped_;
};

}  // namespace outboxd::telemetry
