// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/observer.hpp"
#include "telemetry/log_rate_limiter.hpp"

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace outboxd::telemetry {

/// A duration as a readable text: "56.2 s", "3 min", "2 h 5 min".
[[nodiscard]] std::string lasted(std::chrono::nanoseconds time);

/// The time at which a state began that has lasted so long: "2026-01-31T12:00:00Z".
[[nodiscard]] std::string began_at(std::chrono::nanoseconds lasted);

/// Whether the dispatcher waits for something that an operator may have to repair.
[[nodiscard]] bool is_wait(dispatch::Health health);

/// Which log lines a dispatcher's state gets over time: one when it or its reason changes, one a minute while the
/// dispatcher waits, and one when the wait is over. Pure.
class HealthLog {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  static constexpr std::chrono::seconds kReminder{60};
  /// For so long after a pause of the process no server is blamed: timed-out requests are tried again first.
  static constexpr std::chrono::seconds kAfterPause{3};

  /// The state is now `health`; `description` is a readable text that includes the reason.
  std::optional<std::string> changed(dispatch::Health health, std::string_view description, TimePoint now);

  /// To be called about once a second.
  std::optional<std::string> beat(TimePoint now);

  /// The process was not running until now.
  void was_paused(TimePoint now) { silent_until_ = now + kAfterPause; }

  [[nodiscard]] dispatch::Health health() const { return health_; }

 private:
  std::optional<std::string> wait_line(TimePoint now);

  dispatch::Health health_ = dispatch::Health::starting;
  std::string description_;
  /// The state of the last line in the log.
  std::optional<dispatch::Health> logged_;
  std::string logged_kind_;
  TimePoint logged_at_{};
  std::optional<TimePoint> waits_since_;
  TimePoint silent_until_{};
  /// The kinds of reasons of the present wait, and when each had its line: reasons may alternate.
  std::map<std::string, TimePoint, std::less<>> told_;
  OutageRate outage_lines_;
  /// Limits the lines for further reasons of one outage.
  OutageRate reason_lines_;
};

}  // namespace outboxd::telemetry
