// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/observer.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace outboxd::telemetry {

/// Identifies a note on locked rows among other notes.
inline constexpr std::string_view kKeepThemLocked = "as other transactions keep them locked";

/// Which log lines the rows get that other transactions keep locked: one when there are such rows, one a minute while
/// there are, and one when there are none any more. Pure.
class LockedRowsLog {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  /// A sample has found these locked rows.
  std::optional<std::string> sampled(const dispatch::LockedRows& rows, TimePoint now);

  /// To be called about once a second.
  std::optional<std::string> beat(TimePoint now);

  /// Since when there are locked rows.
  [[nodiscard]] std::optional<TimePoint> since() const { return since_; }

  /// Describes the problem and the remedy; only while there are locked rows.
  [[nodiscard]] std::string described() const;

 private:
  dispatch::LockedRows rows_;
  std::optional<TimePoint> since_;
  TimePoint told_{};
};

}  // namespace outboxd::telemetry
