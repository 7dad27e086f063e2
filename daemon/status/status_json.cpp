// SPDX-License-Identifier: Apache-2.0
// `outboxd status --json`.
#include "daemon/status/status_report.hpp"
#include "telemetry/escape.hpp"
#include "telemetry/utc_time.hpp"

#include <chrono>
#include <iomanip>
#include <sstream>

namespace outboxd::daemon {

using telemetry::json_or_null;
using telemetry::json_text;

namespace {

std::string array_of(const std::vector<std::string>& texts) {
  std::string json;
  for (const auto& text : texts) json.append(json.empty() ? "" : ",").append(json_text(text));
  return "[" + json + "]";
}

std::string seconds(std::chrono::milliseconds time) {
  std::ostringstream text;
  text << std::fixed << std::setprecision(3) << static_cast<double>(time.count()) / 1000;
  return text.str();
}

std::string figures_of(const Figures& figures) {
  std::ostringstream json;
  const auto& [backlog, locked] = figures.overview;
  json << ",\"pending\":" << backlog.pending
       << ",\"oldest_pending_seconds\":" << (backlog.oldest_pending ? seconds(*backlog.oldest_pending) : "null")
       << ",\"delayed\":" << backlog.delayed;
  if (!figures.sampled_by_daemon) {
    json << ",\"leased\":" << backlog.leased << ",\"in_retry\":" << backlog.retrying;
  }
  json << ",\"dead\":" << backlog.dead;
  json << ",\"locked\":" << locked.rows << ",\"locked_by\":" << json_or_null(locked.who);
  if (!figures.sampled_by_daemon) json << ",\"counts_stop_at\":" << backlog.cap;
  return json.str();
}

std::string state_of(const DispatcherStatus& status, const StatusReport& report) {
  if (!status.state) return R"(,"ready":null,"since":null,"state_seconds":null,"reason":null,"notes":[])";
  const auto& state = *status.state;
  std::ostringstream json;
  json << ",\"ready\":" << (state.ready ? "true" : "false")
       << ",\"since\":" << (state.since ? json_text(telemetry::utc_text(*state.since)) : "null")
       << ",\"state_seconds\":";
  if (state.since) {
    json << std::chrono::duration_cast<std::chrono::seconds>(report.at - *state.since).count();
  } else {
    json << "null";
  }
  json << ",\"reason\":" << json_or_null(state.reason) << ",\"notes\":" << array_of(state.notes);
  return json.str();
}

std::string json_of(const std::optional<SigningState>& signing) {
  if (!signing) return "null";
  const bool is_signed = !signing->key_id.empty();
  return std::string{"{\"signed\":"} + (is_signed ? "true" : "false") +
         ",\"key_id\":" + json_or_null(signing->key_id) + ",\"sig2\":" + (signing->strict ? "true" : "false") + "}";
}

std::string daemon_of(const DaemonAnswer& daemon) {
  return ",\"daemon\":{\"listen\":" + json_text(daemon.address) + ",\"asked\":" + (daemon.asked ? "true" : "false") +
         ",\"answers\":" + (daemon.answers() ? "true" : "false") + ",\"problem\":" + json_or_null(daemon.why_none) +
         ",\"metrics_problem\":" + json_or_null(daemon.why_no_metrics) +
         ",\"notes\":" + array_of(daemon.state.notes) + ",\"signing\":" + json_of(daemon.state.signing) + "}";
}

std::string groups_of(const GroupLook& groups) {
  std::string json;
  for (const auto& one : groups.stopped) {
    json += std::string{json.empty() ? "" : ","} + "{\"stream\":" + json_text(one.stream) +
            ",\"group\":" + json_text(one.group) +
            ",\"unread\":" + (one.unread ? std::to_string(*one.unread) : "null") +
            ",\"pending\":" + std::to_string(one.pending) + ",\"state\":" + json_text(one.state) + "}";
  }
  return ",\"stopped_groups\":[" + json + "],\"groups_problems\":" + array_of(groups.problems);
}

std::string line_of(const DispatcherStatus& status, const StatusReport& report) {
  std::ostringstream line;
  line << "{\"dispatcher\":" << json_text(status.dispatcher) << ",\"table\":" << json_text(status.table);
  if (status.figures) line << figures_of(*status.figures);
  if (!status.problem.empty()) line << ",\"problem\":" << json_text(status.problem);
  line << ",\"published_last_minute\":"
       << (status.published_last_minute ? std::to_string(*status.published_last_minute) : "null")
       << ",\"time\":" << json_text(telemetry::utc_text(report.at)) << ",\"figures_from\":";
  if (status.figures) {
    const auto age = std::chrono::duration_cast<std::chrono::milliseconds>(report.at - status.figures->counted_at);
    line << (status.figures->sampled_by_daemon ? "\"daemon\"" : "\"table\"")
         << ",\"figures_age_seconds\":" << seconds(age);
  } else {
    line << "null,\"figures_age_seconds\":null";
  }
  line << state_of(status, report) << daemon_of(report.daemon) << groups_of(report.groups) << "}\n";
  return line.str();
}

}  // namespace

std::string json_lines_of(const StatusReport& report) {
  std::string lines;
  for (const auto& status : report.dispatchers) lines += line_of(status, report);
  return lines;
}

}  // namespace outboxd::daemon
