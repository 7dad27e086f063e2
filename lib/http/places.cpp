// SPDX-License-Identifier: Apache-2.0
#include "http/places.hpp"

#include <algorithm>
#include <utility>

namespace outboxd::http {
namespace {

using TimePoint = std::chrono::steady_clock::time_point;

// An answer that is on its way, or a request that has not arrived yet, takes less.
constexpr std::chrono::milliseconds kSpared{50};

constexpr std::size_t kMostPlaces = 64;
constexpr std::size_t kLeastPlaces = 4;

/// The lower, the sooner it gives way.
int rank(const Occupant& occupant, TimePoint now) {
  const bool spared = now - occupant.since < kSpared;
  switch (occupant.activity) {
    case Activity::lingering:
      return 0;
    case Activity::writing:
      return spared ? 3 : 1;
    case Activity::reading:
      return spared ? 5 : 2;
    case Activity::held:
      return 4;
  }
  return 4;
}

}  // namespace

std::optional<std::size_t> who_gives_way(std::span<const Occupant> occupants, TimePoint now) {
  const auto sooner = [now](const Occupant& a, const Occupant& b) {
    return std::pair{rank(a, now), a.since} < std::pair{rank(b, now), b.since};
  };
  const auto first = std::ranges::min_element(occupants, sooner);
  if (first == occupants.end()) return std::nullopt;
  return static_cast<std::size_t>(first - occupants.begin());
}

std::size_t places_within(std::size_t descriptors, std::size_t needed) {
  return std::clamp(descriptors - std::min(descriptors, needed), kLeastPlaces, kMostPlaces);
}

}  // namespace outboxd::http
