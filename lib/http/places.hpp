// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <span>

namespace outboxd::http {

/// What a connection is about, as far as it matters to who gives way.
enum class Activity {
  reading,    ///< A request, or the silence before it.
  held,       ///< Its answer is put off, as its peer has guessed at the bearer token.
  writing,    ///< An answer.
  lingering,  ///< It has had its last answer.
};

/// One connection, and since when it does what it does.
struct Occupant {
  Activity activity = Activity::reading;
  std::chrono::steady_clock::time_point since;
};

/// Who gives way when places are short, as an index; nobody where there is none. Those that need no answer come
/// first, then who has not taken its answer for longest, then who has been silent for longest; whoever has come
/// within the last 50 ms is spared as long as there are others.
[[nodiscard]] std::optional<std::size_t> who_gives_way(std::span<const Occupant> occupants,
                                                       std::chrono::steady_clock::time_point now);

/// How many connections the server may hold: 64, or fewer where the process may open few descriptors and `needed` of
/// them are for other things, but 4 at least.
[[nodiscard]] std::size_t places_within(std::size_t descriptors, std::size_t needed);

}  // namespace outboxd::http
