// SPDX-License-Identifier: Apache-2.0
#include "daemon/status/status_report.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace outboxd::daemon {
namespace {

/// A count in the page; another program's page may have any number here.
std::optional<std::uint64_t> count_in(const DaemonAnswer& daemon, const char* series, const std::string& dispatcher) {
  constexpr double kMost = 1e15;
  const auto value = series_value(*daemon.metrics, series, dispatcher);
  if (!value || *value < 0 || *value > kMost) return std::nullopt;
  return static_cast<std::uint64_t>(*value);
}

std::optional<Figures> sample_in(const DaemonAnswer& daemon, const std::string& dispatcher) {
  const auto sampled_at = count_in(daemon, "outboxd_sample_timestamp_seconds", dispatcher);
  const auto pending = count_in(daemon, "outboxd_pending_rows", dispatcher);
  const auto delayed = count_in(daemon, "outboxd_delayed_rows", dispatcher);
  const auto dead = count_in(daemon, "outboxd_dead_rows", dispatcher);
  if (!sampled_at || *sampled_at == 0 || !pending || !dead) return std::nullopt;
  Figures figures{.sampled_by_daemon = true};
  figures.counted_at = std::chrono::system_clock::time_point{std::chrono::seconds{*sampled_at}};
  auto& backlog = figures.overview.backlog;
  backlog.pending = *pending;
  backlog.delayed = delayed.value_or(0);
  backlog.dead = *dead;
  figures.overview.locked.rows = count_in(daemon, "outboxd_locked_rows", dispatcher).value_or(0);
  backlog.cap = std::numeric_limits<std::uint64_t>::max();
  const auto age = series_value(*daemon.metrics, "outboxd_oldest_pending_age_seconds", dispatcher);
  if (age && *age > 0) backlog.oldest_pending = std::chrono::milliseconds{std::llround(*age * 1000)};
  return figures;
}

bool is_well(const DispatcherStatus& status, const DaemonAnswer& daemon) {
  if (!status.problem.empty() || !status.figures || status.figures->overview.backlog.dead > 0) return false;
  if (status.figures->overview.locked.rows > 0) return false;
  if (!daemon.answers()) return true;
  return status.state && status.state->ready && status.state->notes.empty();
}

}  // namespace

void add_answer(const DaemonAnswer& daemon, DispatcherStatus& status) {
  if (!daemon.answers()) return;
  const auto known = daemon.state.dispatchers.find(status.dispatcher);
  if (known != daemon.state.dispatchers.end()) status.state = known->second;
  if (!daemon.metrics) return;
  status.published_last_minute = count_in(daemon, "outboxd_published_last_minute", status.dispatcher);
  if (!status.figures) status.figures = sample_in(daemon, status.dispatcher);
}

ExitStatus exit_status_of(const StatusReport& report) {
  const auto& all = report.dispatchers;
  const bool no_table =
      std::ranges::all_of(all, [](const DispatcherStatus& status) { return !status.problem.empty(); });
  if (no_table && !report.daemon.answers()) return kCouldNotWork;
  const bool daemon_is_missing = report.daemon.asked && !report.daemon.answers();
  const bool well =
      std::ranges::all_of(all, [&](const DispatcherStatus& status) { return is_well(status, report.daemon); });
  return well && !daemon_is_missing ? kDone : kIncomplete;
}

}  // namespace outboxd::daemon
