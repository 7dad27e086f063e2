// SPDX-License-Identifier: Apache-2.0
#include "daemon/commands/prune_report.hpp"

#include "config/units.hpp"
#include "telemetry/escape.hpp"
#include "telemetry/redaction.hpp"

#include <sstream>

namespace outboxd::daemon {

std::string text_of(const PruneReport& report) {
  return report.dispatcher + ": " + (report.dry_run ? "would remove " : "removed ") + std::to_string(report.rows) +
         " row(s) of " + report.table + " that were published more than " +
         config::show_duration(report.older_than.count()) + " ago\n";
}

std::string json_of(const PruneReport& report) {
  std::ostringstream json;
  json << "{\"dispatcher\":" << telemetry::json_text(report.dispatcher)
       << ",\"table\":" << telemetry::json_text(report.table)
       << ",\"dry_run\":" << (report.dry_run ? "true" : "false")
       << ",\"older_than_seconds\":" << std::chrono::duration_cast<std::chrono::seconds>(report.older_than).count()
       << ",\"rows\":" << report.rows << ",\"kept\":" << report.kept << ",\"refused\":" << report.refused
       << ",\"complete\":" << (report.problem.empty() ? "true" : "false")
       << ",\"problem\":" << telemetry::json_or_null(telemetry::log::redacted(report.problem)) << "}\n";
  return json.str();
}

}  // namespace outboxd::daemon
