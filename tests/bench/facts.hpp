// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bench/options.hpp"
#include "bench/report.hpp"
#include "bench/world.hpp"

namespace outboxd::bench {

/// The machine, the versions, and the servers' settings.
[[nodiscard]] Facts facts_about(World& world, const Options& options);

}  // namespace outboxd::bench
