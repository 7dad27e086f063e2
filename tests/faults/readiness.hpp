// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "faults/world.hpp"

#include <string>

namespace outboxd::faults {

/// Waits until every daemon reports over HTTP that it is not ready: /readyz answers 503 and contains `reason`, and
/// the metric outboxd_ready is 0. Throws if one doesn't within `time`.
void expect_not_ready(World& world, const std::string& reason, milliseconds time = std::chrono::seconds(5));

/// Waits until every daemon reports that it is ready: 200, and 1.
void expect_ready(World& world, milliseconds time = std::chrono::seconds(2));

}  // namespace outboxd::faults
