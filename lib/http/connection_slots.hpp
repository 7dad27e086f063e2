// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <span>

namespace outboxd::http {

/// The state of a connection, as far as eviction depends on it.
enum class Activity {
  reading,    ///< Reads a request or waits for one.
  held,       ///< Its answer is delayed, because its network has sent wrong bearer tokens.
  writing,    ///< Writes an answer.
  lingering,  ///< The last answer is written.
};

/// A connection's state, and when it began.
struct Slot {
  Activity activity = Activity::reading;
  std::chrono::steady_clock::time_point since;
};

/// The index of the connection to evict when all slots are taken; empty if there are no connections. The order:
/// lingering connections; then writing, then reading ones that have been in their state for 50 ms; then younger
/// writing ones, held ones, and younger reading ones. Among equals the one that has been in its state for longest.
[[nodiscard]] std::optional<std::size_t> slot_to_evict(std::span<const Slot> slots,
                                                       std::chrono::steady_clock::time_point now);

/// The number of connections that the server may hold: what `descriptors` (the process's limit) leaves beside the
/// `needed` ones, but at least 4 and at most 64.
[[nodiscard]] std::size_t slots_within(std::size_t descriptors, std::size_t needed);

}  // namespace outboxd::http
