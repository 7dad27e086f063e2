// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "faults/world.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace outboxd::faults {

/// Attempts beyond the first that a fault may cost.
enum class Attempts {
  none,       ///< No row's fault, and every request was answered.
  in_flight,  ///< One for each row whose claim or write had no answer.
};

enum class Server { none, redis, postgres };

/// Repeats that a crash of Postgres may cost at any moment: outcomes are written with synchronous_commit = off, and
/// all of a burst may have been settled since the server last flushed them, or sent them to its standby.
inline constexpr std::int64_t kForgotten = kBurstRows + kBatchRows * kBatchesInHand;

/// One row of the matrix.
struct Case {
  std::string fault;
  std::string step;
  /// Does the harm and heals it; returns when the servers are back.
  std::function<void(World&)> harm;
  Attempts attempts = Attempts::in_flight;
  /// How many entries may be there twice; as many as a dispatcher may have in hand where nothing is said.
  std::optional<std::int64_t> repeats_a_round{};
  WorldOptions world{};
  /// What a warning of the daemon's, or an error in Postgres' log, must name, or the fault was none; empty where the
  /// step is proof enough.
  std::string says{};
  /// What an error in Postgres' log must name as well.
  std::string postgres_says{};
  /// The server that the fault takes away for a while: how long it takes the daemon to go on once that one is back is
  /// summed up over all such rows.
  Server returns = Server::none;
  /// When everything must be settled after the end of the fault.
  std::chrono::seconds settled_within{60};
  /// Part of the short form.
  bool in_short = false;
};

struct CaseOptions {
  /// How long the outages last that are told apart by nothing but their length.
  milliseconds outage{15'000};
};

[[nodiscard]] std::vector<Case> daemon_cases();
/// Beside a dispatcher of a service's own.
[[nodiscard]] std::vector<Case> beside_cases();
[[nodiscard]] std::vector<Case> postgres_cases();
/// Another Postgres takes over.
[[nodiscard]] std::vector<Case> failover_cases();
/// Disks that are full.
[[nodiscard]] std::vector<Case> disk_cases();
[[nodiscard]] std::vector<Case> redis_cases();
[[nodiscard]] std::vector<Case> redis_refusal_cases();
/// Delays, cuts, garbled bytes and silence, on either side.
[[nodiscard]] std::vector<Case> network_cases();
/// Rows that can't be published, among others that can.
[[nodiscard]] std::vector<Case> poison_cases();
/// Outages of some length, also of the profile with few attempts.
[[nodiscard]] std::vector<Case> outage_cases(const CaseOptions& options);

}  // namespace outboxd::faults
