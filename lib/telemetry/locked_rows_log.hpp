// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/observer.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace outboxd::telemetry {

/// By these words a note on locked rows is known among others.
inline constexpr std::string_view kKeepThemLocked = "as other transactions keep them locked";

/// Which lines the log has on rows that other transactions keep locked: one when there are any, one a minute while
/// there are, and one when there are none any more. Pure.
class LockedRowsLog {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  /// What a sample has found.
  std::optional<std::string> sampled(const dispatch::LockedRows& rows, TimePoint now);

  /// Time goes by; to be called about once a second.
  std::optional<std::string> beat(TimePoint now);

  /// Since when there are any.
  [[nodiscard]] std::optional<TimePoint> since() const { return since_; }

  /// What is the case, and what to do; only while there are any.
  [[nodiscard]] std::string described() const;

 private:
  dispatch::LockedRows rows_;
  std::optional<TimePoint> since_;
  TimePoint told_{};
};

}  // namespace outboxd::telemetry
