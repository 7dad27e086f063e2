// SPDX-License-Identifier: Apache-2.0
#include "http/connection_slots.hpp"

#include <algorithm>
#include <utility>

namespace outboxd::http {
namespace {

using TimePoint = std::chrono::steady_clock::time_point;

// Longer than a healthy client needs to send a request or to take an answer.
constexpr std::chrono::milliseconds kGrace{50};

constexpr std::size_t kMostSlots = 64;
constexpr std::size_t kLeastSlots = 4;

/// The connection with the lowest rank is evicted.
int rank(const Slot& slot, TimePoint now) {
  const bool is_new = now - slot.since < kGrace;
  switch (slot.activity) {
    case Activity::lingering:
      return 0;
    case Activity::writing:
      return is_new ? 3 : 1;
    case Activity::reading:
      return is_new ? 5 : 2;
    case Activity::held:
      return 4;
  }
  return 4;
}

}  // namespace

std::optional<std::size_t> slot_to_evict(std::span<const Slot> slots, TimePoint now) {
  const auto sooner = [now](const Slot& a, const Slot& b) {
    return std::pair{rank(a, now), a.since} < std::pair{rank(b, now), b.since};
  };
  const auto first = std::ranges::min_element(slots, sooner);
  if (first == slots.end()) return std::nullopt;
  return static_cast<std::size_t>(first - slots.begin());
}

std::size_t slots_within(std::size_t descriptors, std::size_t needed) {
  return std::clamp(descriptors - std::min(descriptors, needed), kLeastSlots, kMostSlots);
}

}  // namespace outboxd::http
