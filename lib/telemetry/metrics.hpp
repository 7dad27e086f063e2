// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "telemetry/families.hpp"
#include "telemetry/process_metrics.hpp"

#include <prometheus/registry.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace outboxd::telemetry {

/// All metrics of the process. Must outlive every object that updates them.
class Metrics {
 public:
  /// Has the metrics of the process itself; each dispatcher adds its series. `libraries`: the libraries' versions, by
  /// their names.
  explicit Metrics(const prometheus::Labels& libraries = {});
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;
  ~Metrics() = default;

  /// All metrics in Prometheus' text format, version 0.0.4. Reads counters only, so that a scrape causes no query.
  [[nodiscard]] std::string render() const;

  /// Adds text of this format to the page, with metrics of other names. The function is called for each page and must
  /// cost little.
  void append(std::function<const std::string&()> text) { more_.push_back(std::move(text)); }

  // For code that defines metrics; all other code reports through an observer.

  Families& families() { return families_; }
  /// For few series: each takes some microseconds of each scrape.
  prometheus::Registry& registry() { return registry_; }

 private:
  prometheus::Registry registry_;
  Families families_;
  prometheus::Counter& log_lines_dropped_;
  /// Updated by each scrape.
  mutable ProcessMetrics process_;
  /// Of the last page, so that a new one has its memory at once.
  mutable std::size_t page_bytes_ = 0;
  std::vector<std::function<const std::string&()>> more_;
};

}  // namespace outboxd::telemetry
