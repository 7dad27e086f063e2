// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/ports.hpp"

#include <chrono>
#include <optional>

namespace outboxd::daemon {

/// How `outboxd run` was called.
struct RunMode {
  bool once = false;
  std::optional<std::chrono::milliseconds> once_timeout;
  dispatch::TimePoint started = std::chrono::steady_clock::now();

  /// Until when outages are waited for, and the whole may take; nothing: as DispatcherOptions has it.
  [[nodiscard]] std::optional<dispatch::TimePoint> once_deadline() const {
    if (!once || !once_timeout) return std::nullopt;
    return started + *once_timeout;
  }
};

}  // namespace outboxd::daemon
