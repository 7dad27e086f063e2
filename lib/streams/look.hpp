// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "redis/command_session.hpp"
#include "streams/plan.hpp"
#include "streams/report.hpp"
#include "streams/seen.hpp"
#include "streams/wanted.hpp"

#include <span>
#include <vector>

namespace outboxd::streams {

// Asks a server; the only part of this folder that needs one. Each function blocks until the server has answered. A
// refusal is part of the result; a connection that fails is a std::runtime_error.

// Sessions should have kBoundsOfLooks. What is larger even so is unknown, with that reason.

/// Whether these streams and their groups exist.
[[nodiscard]] std::vector<SeenStream> look(redis::CommandSession& session, std::span<const Wanted> wanted);

/// What is in them, with the state of each group.
[[nodiscard]] Report report_on(redis::CommandSession& session, std::span<const Wanted> wanted);

/// Runs the steps of a plan, and returns the result of each.
[[nodiscard]] std::vector<StepResult> provision(redis::CommandSession& session, std::span<const Step> steps);

}  // namespace outboxd::streams
