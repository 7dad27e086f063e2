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

/// "56.2 s", "3 min", "2 h 5 min": how long something has lasted, for people.
[[nodiscard]] std::string lasted(std::chrono::nanoseconds time);

/// "2026-01-31T12:00:00Z": when it began what has lasted so long.
[[nodiscard]] std::string began_at(std::chrono::nanoseconds lasted);

/// Whether the dispatcher waits for something that people may have to mend.
[[nodiscard]] bool is_wait(dispatch::Health health);

/// Which lines the log has on a dispatcher's state over time: one when it changes, or its reason does; one a minute
/// while it waits; and one when that is over. Pure.
class HealthLog {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  static constexpr std::chrono::seconds kReminder{60};
  /// So long after a pause of the process nothing is said of servers: what timed out meanwhile is tried anew.
  static constexpr std::chrono::seconds kAfterPause{3};

  /// The state is this one now; `description`, with its reason, is for people.
  std::optional<std::string> changed(dispatch::Health health, std::string_view description, TimePoint now);

  /// Time goes by; to be called about once a second.
  std::optional<std::string> beat(TimePoint now);

  /// The process was not running until now.
  void was_paused(TimePoint now) { silent_until_ = now + kAfterPause; }

  [[nodiscard]] dispatch::Health health() const { return health_; }

 private:
  std::optional<std::string> wait_line(TimePoint now);

  dispatch::Health health_ = dispatch::Health::starting;
  std::string description_;
  /// What the log's last word is of.
  std::optional<dispatch::Health> logged_;
  std::string logged_kind_;
  TimePoint logged_at_{};
  std::optional<TimePoint> waits_since_;
  TimePoint silent_until_{};
  /// Kinds of reasons of the present wait, and when each had its line: they may take turns.
  std::map<std::string, TimePoint, std::less<>> told_;
  OutageRate outage_lines_;
  /// Of other reasons in one outage, which are none of their own.
  OutageRate reason_lines_;
};

}  // namespace outboxd::telemetry
