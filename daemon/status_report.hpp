// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "daemon/ask_daemon.hpp"
#include "daemon/exit_status.hpp"
#include "outbox_store/backlog.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace outboxd::daemon {

/// What is in a dispatcher's table.
struct Figures {
  outbox_store::Overview overview{};
  std::chrono::system_clock::time_point counted_at{};
  /// The daemon's last sample, which knows nothing of leases and retries, as the table could not be looked at.
  bool sampled_by_daemon = false;
};

/// One dispatcher, as `outboxd status` finds it.
struct DispatcherStatus {
  std::string dispatcher{};
  std::string table{};
  std::optional<Figures> figures{};
  /// Why the table could not be looked at; empty where it could.
  std::string problem{};
  /// As the daemon tells it; nothing where it tells nothing of this dispatcher.
  std::optional<DispatcherState> state{};
  std::optional<std::uint64_t> published_last_minute{};
};

/// All that `outboxd status` finds.
struct StatusReport {
  std::chrono::system_clock::time_point at{};
  DaemonAnswer daemon{};
  std::vector<DispatcherStatus> dispatchers{};
};

/// Adds what the daemon says of a dispatcher: its state, what it published, and, where its table could not be looked
/// at, its last sample.
void add_answer(const DaemonAnswer& daemon, DispatcherStatus& status);

/// 0 if all is well; 2 if neither a daemon nor any table could be looked at; else 1.
[[nodiscard]] ExitStatus exit_status_of(const StatusReport& report);

/// The time, a table, and lines on the state, for people.
[[nodiscard]] std::string text_of(const StatusReport& report);

/// A JSON object on a line for each dispatcher.
[[nodiscard]] std::string json_lines_of(const StatusReport& report);

}  // namespace outboxd::daemon
