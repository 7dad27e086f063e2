// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "faults/world.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace outboxd::faults {

/// The attempts beyond the first that a fault may cost.
enum class Attempts {
  none,       ///< None, as every request was answered and no row was at fault.
  in_flight,  ///< One for each row whose claim or write had no answer.
};

/// The length of the short outages.
inline constexpr milliseconds kAWhile{2'000};

enum class Server { none, redis, postgres };

/// The repeats that a crash of Postgres may cause at any moment: outcomes are written with synchronous_commit = off,
/// and a whole burst may have been settled since the server last flushed its log or sent it to its standby.
inline constexpr std::int64_t kForgotten = kBurstRows + kBatchRows * kBatchesInFlight;

/// One row of the matrix.
struct Case {
  std::string fault;
  std::string step;
  /// Causes the fault and ends it; returns when the servers are back.
  std::function<void(World&)> harm;
  Attempts attempts = Attempts::in_flight;
  /// How many entries may be repeated in each round; empty: as many as a dispatcher may have in flight.
  std::optional<std::int64_t> repeats_a_round{};
  WorldOptions world{};
  /// A text that a warning of the daemon, or an error in Postgres' log, must contain to show that the fault happened;
  /// empty if the step shows it.
  std::string says{};
  /// A text that an error in Postgres' log must contain as well.
  std::string postgres_says{};
  /// The server that is down during the fault. The report sums up the recovery times of all rows with the same
  /// server.
  Server returns = Server::none;
  /// The time within which everything must be settled after the end of the fault.
  std::chrono::seconds settled_within{60};
  /// Part of the short form.
  bool in_short = false;
};

struct CaseOptions {
  /// The length of the long outages.
  milliseconds outage{15'000};
};

[[nodiscard]] std::vector<Case> daemon_cases();
/// Kills beside a service's in-process dispatcher.
[[nodiscard]] std::vector<Case> beside_cases();
[[nodiscard]] std::vector<Case> postgres_cases();
/// Failovers to another Postgres.
[[nodiscard]] std::vector<Case> failover_cases();
/// Full disks.
[[nodiscard]] std::vector<Case> disk_cases();
[[nodiscard]] std::vector<Case> redis_cases();
[[nodiscard]] std::vector<Case> redis_refusal_cases();
/// Delays, cuts, garbled bytes and silence, on either side.
[[nodiscard]] std::vector<Case> network_cases();
/// Rows that can't be published, among others that can.
[[nodiscard]] std::vector<Case> poison_cases();
/// Long outages, also with the profile that has few attempts.
[[nodiscard]] std::vector<Case> outage_cases(const CaseOptions& options);

}  // namespace outboxd::faults
