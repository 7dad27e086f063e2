// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "faults/world.hpp"

#include <string>

namespace outboxd::faults {

/// Waits until every daemon says over HTTP that it can't work: /readyz answers 503 and names `reason`, and the metric
/// outboxd_ready is 0. Throws when one doesn't within `time`.
void expect_not_ready(World& world, const std::string& reason, milliseconds time = std::chrono::seconds(5));

/// Waits until every daemon says that it works: 200, and 1.
void expect_ready(World& world, milliseconds time = std::chrono::seconds(2));

}  // namespace outboxd::faults
