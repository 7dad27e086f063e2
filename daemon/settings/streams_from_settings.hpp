// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/settings.hpp"
#include "redis/endpoint.hpp"
#include "streams/wanted.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace outboxd::daemon {

/// The streams that should exist at the Redis of the chosen dispatchers.
struct StreamsTarget {
  redis::Endpoint endpoint{};
  std::chrono::milliseconds timeout{};
  /// By name.
  std::vector<streams::Wanted> wanted{};
  /// The configuration has no topology, so that it is the built-in one.
  bool by_default = false;
  /// Why there is no target; otherwise empty.
  std::string problem{};
};

/// `dispatchers`: at least one. A problem is that they use several Redis servers, or that no stream is declared.
[[nodiscard]] StreamsTarget streams_target(const std::vector<config::Settings>& dispatchers);

/// The streams in use at the Redis of these dispatchers, in this order: those of the configured topology, those that
/// dispatchers name, and those that they have published to.
[[nodiscard]] std::vector<streams::Wanted> streams_in_use(const std::vector<config::Settings>& dispatchers,
                                                          const std::vector<std::string>& published);

/// Adds streams that only dispatchers name.
void add_streams_of_dispatchers(const std::vector<config::Settings>& dispatchers, StreamsTarget& target);

/// Keeps only the named streams; names that are not declared are added.
void keep_only_streams(const std::vector<std::string>& names, const std::vector<config::Settings>& dispatchers,
                       StreamsTarget& target);

}  // namespace outboxd::daemon
