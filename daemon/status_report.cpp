// SPDX-License-Identifier: Apache-2.0
#include "daemon/status_report.hpp"

#include "telemetry/escape.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <iomanip>
#include <sstream>
#include <vector>

namespace outboxd::daemon {
namespace {

constexpr std::size_t kColumns = 8;
using Line = std::array<std::string, kColumns>;

const Line kTitles{"DISPATCHER", "TABLE", "PENDING", "OLDEST", "LEASED", "IN RETRY", "DEAD", "LAST MINUTE"};

std::string count(std::uint64_t number, std::uint64_t cap) {
  return std::to_string(number) + (number >= cap ? "+" : "");
}

std::string age(const dispatch::BacklogSample& backlog) {
  if (!backlog.oldest_pending) return "-";
  const auto seconds = static_cast<double>(backlog.oldest_pending->count()) / 1000;
  std::ostringstream text;
  text << std::fixed << std::setprecision(seconds < 100 ? 1 : 0) << seconds << "s";
  return text.str();
}

Line line_of(const DispatcherStatus& status) {
  const auto last_minute = status.published_last_minute ? std::to_string(*status.published_last_minute) : "-";
  if (!status.overview) return {status.dispatcher, status.table, "?", "?", "?", "?", "?", last_minute};
  const auto& [backlog, leased, in_retry] = *status.overview;
  return {status.dispatcher,
          status.table,
          count(backlog.pending, backlog.cap),
          age(backlog),
          count(leased, backlog.cap),
          count(in_retry, backlog.cap),
          count(backlog.dead, backlog.cap),
          last_minute};
}

std::string json_text(std::string_view text) {
  std::string json = "\"";
  telemetry::append_json(json, text);
  return json + "\"";
}

}  // namespace

ExitStatus exit_status_of(std::span<const DispatcherStatus> statuses) {
  const auto known = std::ranges::count_if(statuses, [](const auto& status) { return status.overview.has_value(); });
  if (known == std::ssize(statuses)) return kDone;
  return known == 0 ? kCouldNotWork : kIncomplete;
}

std::string text_of(std::span<const DispatcherStatus> statuses) {
  std::vector<Line> lines{kTitles};
  for (const auto& status : statuses) lines.push_back(line_of(status));
  std::array<std::size_t, kColumns> widths{};
  for (const auto& line : lines) {
    for (std::size_t i = 0; i < kColumns; ++i) widths.at(i) = std::max(widths.at(i), line.at(i).size());
  }
  std::ostringstream text;
  for (const auto& line : lines) {
    for (std::size_t i = 0; i < kColumns; ++i) {
      // Names to the left, numbers to the right.
      text << (i > 0 ? "  " : "") << (i < 2 ? std::left : std::right) << std::setw(static_cast<int>(widths.at(i)))
           << line.at(i);
    }
    text << "\n";
  }
  for (const auto& status : statuses) {
    if (!status.problem.empty()) text << status.dispatcher << ": " << status.problem << "\n";
  }
  return text.str();
}

std::string json_line_of(const DispatcherStatus& status) {
  std::ostringstream line;
  line << "{\"dispatcher\":" << json_text(status.dispatcher) << ",\"table\":" << json_text(status.table);
  if (status.overview) {
    const auto& [backlog, leased, in_retry] = *status.overview;
    line << ",\"pending\":" << backlog.pending << ",\"oldest_pending_seconds\":";
    if (backlog.oldest_pending) {
      line << std::fixed << std::setprecision(3) << static_cast<double>(backlog.oldest_pending->count()) / 1000;
    } else {
      line << "null";
    }
    line << ",\"leased\":" << leased << ",\"in_retry\":" << in_retry << ",\"dead\":" << backlog.dead
         << ",\"counts_stop_at\":" << backlog.cap;
  } else {
    line << ",\"problem\":" << json_text(status.problem);
  }
  line << ",\"published_last_minute\":";
  if (status.published_last_minute) {
    line << *status.published_last_minute;
  } else {
    line << "null";
  }
  line << "}\n";
  return line.str();
}

std::optional<double> series_value(std::string_view metrics, std::string_view name, std::string_view dispatcher) {
  const auto series = std::string{name} + "{dispatcher=\"" + std::string{dispatcher} + "\"} ";
  std::string line;
  for (std::istringstream lines{std::string{metrics}}; std::getline(lines, line);) {
    if (!line.starts_with(series)) continue;
    std::istringstream text{line.substr(series.size())};
    double value = 0;
    if (text >> value && std::isfinite(value)) return value;
    return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace outboxd::daemon
