// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/auto_reset_event.hpp"

#include <chrono>
#include <optional>
#include <string>

namespace outboxd::dispatch {

/// Since when the store has refused everything, while it is unknown whether the rows or the table are at fault.
struct AllRefused {
  // It is reported only after this time: most often a neighbour has shown by then that the table takes writes.
  static constexpr std::chrono::seconds kGrace{1};

  std::optional<TimePoint> since;
  TimePoint last{};
  std::string reason;

  void again(TimePoint now) {
    last = now;
    if (!since) since = now;
  }
  [[nodiscard]] bool lasts(TimePoint now) const { return since && now - *since >= kGrace; }
};

}  // namespace outboxd::dispatch
