// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace outboxd::simulation {

/// What a run of one seed came to.
struct ScenarioResult {
  /// Broken promises, each with its row; empty when all were kept.
  std::vector<std::string> faults;
  std::uint64_t rows = 0;
  std::uint64_t repeats = 0;
  std::uint64_t crashes = 0;
  std::uint64_t outages = 0;
};

/// Two or three dispatchers on one table, in weather that the seed decides, until it clears and the backlog is done.
/// The same seed gives the same run.
[[nodiscard]] ScenarioResult run_scenario(std::uint64_t seed);

}  // namespace outboxd::simulation
