// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "replay/tally.hpp"
#include "replay/warnings.hpp"

#include <cstddef>
#include <span>
#include <string>

namespace outboxd::replay {

// What the operator reads. Pure.

/// What would be published: how many rows of which streams, what is left out, and every warning. Lines of at most
/// `width` columns where they are a table; 0: of any width.
[[nodiscard]] std::string text_of(const Plan& plan, std::size_t width);

/// What was published, what was not and why, and how to go on.
[[nodiscard]] std::string text_of(const Plan& plan, std::span<const StreamTally> tallies);

/// Both on one line; no tallies: nothing was to be sent. Its fields are documented in deploy/JSON.md.
[[nodiscard]] std::string json_of(const Plan& plan, std::span<const StreamTally> tallies);

/// The options with which the rest of a stream is published; empty: there is no rest.
[[nodiscard]] std::string rest_of(const Plan& plan, const StreamTally& tally);

[[nodiscard]] std::uint64_t published_by(std::span<const StreamTally> tallies);

}  // namespace outboxd::replay
