// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace outboxd::daemon {

/// A dispatcher, as the daemon that runs it tells on `/readyz`.
struct DispatcherState {
  bool ready = false;
  /// Why it isn't ready.
  std::string reason{};
  std::optional<std::chrono::system_clock::time_point> since{};
  /// What else is to be known, such as streams that are blocked.
  std::vector<std::string> notes{};
};

/// A daemon's state, as it reports it.
struct DaemonState {
  std::map<std::string, DispatcherState> dispatchers{};
  /// What is of no dispatcher.
  std::vector<std::string> notes{};
};

/// Reads telemetry::Readiness' dated report. Of a page of another program, no dispatcher comes.
[[nodiscard]] DaemonState parse_readyz(std::string_view page);

/// The value of a dispatcher's series in Prometheus' text format; nothing where there is none, or it is no number.
[[nodiscard]] std::optional<double> series_value(std::string_view metrics, std::string_view name,
                                                 std::string_view dispatcher);

}  // namespace outboxd::daemon
