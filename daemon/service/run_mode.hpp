// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/ports.hpp"

#include <chrono>
#include <optional>

namespace outboxd::daemon {

/// The options of `outboxd run`.
struct RunMode {
  bool once = false;
  std::optional<std::chrono::milliseconds> once_timeout;
  dispatch::TimePoint started = std::chrono::steady_clock::now();

  /// The end of the run, until which outages are waited out; empty: see DispatcherOptions::once_deadline.
  [[nodiscard]] std::optional<dispatch::TimePoint> once_deadline() const {
    if (!once || !once_timeout) return std::nullopt;
    return started + *once_timeout;
  }
};

}  // namespace outboxd::daemon
