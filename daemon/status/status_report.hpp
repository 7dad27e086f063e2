// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "daemon/commands/exit_status.hpp"
#include "daemon/status/ask_daemon.hpp"
#include "daemon/status/group_lookup.hpp"
#include "outbox_store/backlog.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace outboxd::daemon {

/// The counts of a dispatcher's table.
struct Figures {
  outbox_store::Overview overview{};
  std::chrono::system_clock::time_point counted_at{};
  /// True if the figures are the daemon's last sample, because the table could not be read. A sample has no leases
  /// and retries.
  bool sampled_by_daemon = false;
};

/// One dispatcher in `outboxd status`.
struct DispatcherStatus {
  std::string dispatcher{};
  std::string table{};
  std::optional<Figures> figures{};
  /// Why the table could not be read; empty if it could.
  std::string problem{};
  /// The state that the daemon reports; empty if it doesn't report this dispatcher.
  std::optional<DispatcherState> state{};
  std::optional<std::uint64_t> published_last_minute{};
};

/// The content of `outboxd status`.
struct StatusReport {
  std::chrono::system_clock::time_point at{};
  DaemonAnswer daemon{};
  GroupLook groups{};
  std::vector<DispatcherStatus> dispatchers{};
};

/// Adds the daemon's report on a dispatcher: its state, its published rows, and its last sample if the table could
/// not be read.
void add_answer(const DaemonAnswer& daemon, DispatcherStatus& status);

/// 0 if all is well; 2 if neither the daemon nor any table answered; else 1.
[[nodiscard]] ExitStatus exit_status_of(const StatusReport& report);

/// The report as readable text: the time, a table of figures, and lines on the state. On a terminal of this width (0:
/// any) long names are cut, so that each row of the table is one line.
[[nodiscard]] std::string text_of(const StatusReport& report, std::size_t width = 0);

/// The report as JSON: an object on a line for each dispatcher.
[[nodiscard]] std::string json_lines_of(const StatusReport& report);

}  // namespace outboxd::daemon
