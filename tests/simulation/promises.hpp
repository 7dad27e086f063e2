// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "simulation/world.hpp"

namespace outboxd::simulation {

/// Checks every row at the end: none lost, none dead without its own fault, repeats and attempts explained.
void check_rows(World& world);

/// Whether the row may end dead whatever the weather.
[[nodiscard]] bool is_poisoned(const World& world, const SimRow& row);

}  // namespace outboxd::simulation
