// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "streams/verdict.hpp"

#include <span>
#include <string>

namespace outboxd::streams {

// What `outboxd streams verify` prints. Pure.

/// A line for each finding, and one that says how many streams and groups there are.
[[nodiscard]] std::string verify_text(std::span<const Finding> findings, const Plan& plan);
/// An object on a line for each finding; nothing if there is none.
[[nodiscard]] std::string verify_json(std::span<const Finding> findings);

}  // namespace outboxd::streams
