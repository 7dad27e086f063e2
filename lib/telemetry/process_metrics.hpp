// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "telemetry/families.hpp"

#include <optional>
#include <string_view>

namespace outboxd::telemetry {

/// What /proc/self/stat says.
struct ProcessStat {
  double cpu_seconds = 0;
  /// Since the machine's start.
  double started_after_seconds = 0;
  double virtual_bytes = 0;
  double resident_bytes = 0;
};

/// Reads the text of /proc/self/stat; the process' name in it may have any characters.
[[nodiscard]] std::optional<ProcessStat> parse_stat(std::string_view text, double ticks_per_second,
                                                    double page_bytes);

/// The metrics of the process that Prometheus' own client libraries have, by the same names.
class ProcessMetrics {
 public:
  explicit ProcessMetrics(Families& families);

  /// Reads them anew, from /proc; a scrape calls it.
  void update();

 private:
  prometheus::Counter& cpu_;
  prometheus::Gauge& resident_;
  prometheus::Gauge& virtual_;
  prometheus::Gauge& open_descriptors_;
  prometheus::Gauge& max_descriptors_;
  prometheus::Gauge& started_;
};

}  // namespace outboxd::telemetry
