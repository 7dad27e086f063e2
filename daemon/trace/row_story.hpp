// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "daemon/trace/facts.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace outboxd::daemon::trace {

// What a row's columns mean. Pure.

enum class RowState {
  /// Due, and no dispatcher has it.
  pending,
  /// A dispatcher has claimed it.
  leased,
  /// Due later: for the first time, or for another attempt.
  scheduled,
  published,
  dead,
  /// Marked by `outboxd dead discard`.
  discarded,
  /// Its status is none of those that the layout names.
  other,
};

/// The state's word, also in JSON: "pending". Stable.
[[nodiscard]] const char* to_string(RowState state);

[[nodiscard]] RowState state_of(const RowFacts& row);

/// The number of attempts that the dispatchers which take the row allow; nothing if none takes it.
[[nodiscard]] std::optional<std::uint32_t> most_attempts_of(const RowFacts& row);

/// Until when a dispatcher has the row, or may have it: in a layout without lease columns a claim moves the time at
/// which it is due.
[[nodiscard]] const Moment& lease_end_of(const RowFacts& row);

/// In words, a worker's name "outboxd:host:123:0a1b2c3d:name"; names of other programs as they are.
[[nodiscard]] std::string described_worker(const std::string& worker);

/// What happens next with the row, as a sentence without its full stop; empty for a published row, whose entry
/// decides.
[[nodiscard]] std::string next_of(const RowFacts& row);

/// "5 min ago", "in 12 s"; empty if the time is unknown or infinite.
[[nodiscard]] std::string relative(const Moment& moment, Milliseconds now);

/// "12 s", "5 min", "3 h", "4 d".
[[nodiscard]] std::string shown_time(Milliseconds time);

}  // namespace outboxd::daemon::trace
