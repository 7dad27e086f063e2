// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/loader.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace outboxd::daemon {

/// A consumer group for which entries wait, and which has stopped reading.
struct StoppedGroup {
  std::string stream{};
  std::string group{};
  /// Empty where Redis doesn't know.
  std::optional<std::uint64_t> unread{};
  std::uint64_t pending = 0;
  /// For how long, and how many consumers it has.
  std::string state{};
};

/// What `outboxd status` says of consumer groups.
struct GroupLook {
  std::vector<StoppedGroup> stopped{};
  /// Why some servers' groups are not known.
  std::vector<std::string> problems{};
};

/// The streams of which this page of /metrics has series.
[[nodiscard]] std::vector<std::string> streams_in_metrics(std::string_view metrics);

/// Asks each Redis of these dispatchers for the groups of the declared streams, of those that dispatchers name, and
/// of `published`. After `longest`, in all, no further call is begun; what was left out is among the problems. A call
/// takes a second at most.
[[nodiscard]] GroupLook look_at_groups(const config::Loaded& loaded, const std::vector<std::string>& published,
                                       std::chrono::milliseconds longest = std::chrono::seconds{3});

}  // namespace outboxd::daemon
