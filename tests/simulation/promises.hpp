// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "simulation/world.hpp"

namespace outboxd::simulation {

/// Looks at every row when all is over: none lost, none dead without its own fault, repeats and attempts explained.
void check_rows(World& world);

/// Whether it may end dead whatever the weather.
[[nodiscard]] bool is_poisoned(const World& world, const SimRow& row);

}  // namespace outboxd::simulation
