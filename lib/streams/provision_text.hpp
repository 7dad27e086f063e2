// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "streams/plan.hpp"

#include <span>
#include <string>

namespace outboxd::streams {

// What `outboxd streams provision` prints. Pure.

/// A line for each stream and group: "created", "exists", "refused". `by_default`: of no configured topology.
[[nodiscard]] std::string provision_text(const Plan& plan, std::span<const StepResult> results, bool by_default);
[[nodiscard]] std::string provision_json(const Plan& plan, std::span<const StepResult> results, bool by_default);

/// What was refused, why, and what to do.
[[nodiscard]] std::string refusal_text(const Step& step, const StepResult& result);

}  // namespace outboxd::streams
