// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "redis/resp.hpp"
#include "stream_metrics/known_errors.hpp"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace outboxd::stream_metrics {

/// What INFO says; each part is empty where the server doesn't say it. Pure.
struct ServerFigures {
  std::optional<double> used_memory{};
  /// 0: no limit.
  std::optional<double> max_memory{};
  /// "master" or "replica"; otherwise empty.
  std::string role{};
  std::optional<double> connected_replicas{};
  /// In bytes.
  std::optional<double> replication_offset{};
  /// See redis::counts_reads_exactly().
  bool exact_counters = false;
};

[[nodiscard]] std::vector<Command> server_commands();
/// The answers to server_commands(), in their order.
[[nodiscard]] ServerFigures read_server(std::span<const redis::Value> answers);

}  // namespace outboxd::stream_metrics
