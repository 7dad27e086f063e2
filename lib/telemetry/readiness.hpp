// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace outboxd::telemetry {

/// Whether the process does its job: it does when each of its named parts does. Used on the event loop only.
class Readiness {
 public:
  using Clock = std::function<std::chrono::system_clock::time_point()>;

  explicit Readiness(Clock now = std::chrono::system_clock::now) : now_(std::move(now)) {}

  /// `part` works.
  void ready(std::string_view part);

  /// `part` doesn't, and why, for people. Naming a part at start makes its silence count.
  void not_ready(std::string_view part, std::string_view reason);

  /// What people should know of `part`, ready or not; empty: nothing more.
  void note(std::string_view part, std::string_view text);

  /// True when at least one part is known and every one is ready.
  [[nodiscard]] bool all_ready() const;

  /// "ready", or a line `part: reason` for each that isn't; then one for each note. Secrets are masked, control
  /// characters escaped, and each reason is cut to 1,200 bytes.
  [[nodiscard]] std::string report() const;

  /// What `/readyz` prints: the same with the time, `part: reason (not ready since 2026-01-31T12:00:00Z)`, and with a
  /// line `part: ready since …` for each that is.
  [[nodiscard]] std::string dated_report() const;

 private:
  struct Part {
    /// Why it isn't ready; empty where it is.
    std::string reason;
    /// Since when it is ready, or isn't, whatever the reason.
    std::chrono::system_clock::time_point since{};
  };

  void set(std::string_view part, std::string_view reason);
  [[nodiscard]] std::string report(bool dated) const;

  Clock now_;
  std::map<std::string, Part, std::less<>> parts_;
  std::map<std::string, std::string, std::less<>> notes_;
};

}  // namespace outboxd::telemetry
