// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "daemon/service/signing_state.hpp"

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace outboxd::daemon {

/// A dispatcher's state as its daemon reports it on `/readyz`.
struct DispatcherState {
  bool ready = false;
  /// Why the dispatcher isn't ready.
  std::string reason{};
  std::optional<std::chrono::system_clock::time_point> since{};
  /// Further facts, such as blocked streams.
  std::vector<std::string> notes{};
};

/// A daemon's state as it reports it.
struct DaemonState {
  std::map<std::string, DispatcherState> dispatchers{};
  /// Facts that concern the whole process.
  std::vector<std::string> notes{};
  /// Empty where the daemon doesn't say it.
  std::optional<SigningState> signing{};
};

/// Parses the dated report of telemetry::Readiness. The page of another program has no dispatchers.
[[nodiscard]] DaemonState parse_readyz(std::string_view page);

/// The value of a dispatcher's series in Prometheus' text format; empty if there is none, or it is no number.
[[nodiscard]] std::optional<double> series_value(std::string_view metrics, std::string_view name,
                                                 std::string_view dispatcher);

}  // namespace outboxd::daemon
