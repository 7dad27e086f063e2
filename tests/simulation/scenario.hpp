// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "simulation/events.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace outboxd::simulation {

/// The result of a run of one seed.
struct ScenarioResult {
  /// Broken promises; empty when all were kept.
  std::vector<std::string> faults;
  std::uint64_t rows = 0;
  Events events;
};

/// Two or three dispatchers on one table, in weather that the seed decides, until it clears and the backlog is done.
/// The same seed gives the same run. A traced run prints its steps on standard output.
[[nodiscard]] ScenarioResult run_scenario(std::uint64_t seed, bool traced = false);

}  // namespace outboxd::simulation
