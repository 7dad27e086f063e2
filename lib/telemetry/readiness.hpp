// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace outboxd::telemetry {

/// Whether the process is ready: it is when each of its named parts is. Used on the event loop only.
class Readiness {
 public:
  using Clock = std::function<std::chrono::system_clock::time_point()>;

  explicit Readiness(Clock now = std::chrono::system_clock::now) : now_(std::move(now)) {}

  /// `part` is ready.
  void ready(std::string_view part);

  /// `part` is not ready, and why, as a readable text. A part that is named at the start keeps the
  /// process from being ready until it reports.
  void not_ready(std::string_view part, std::string_view reason);

  /// A note for the operator on `part`, ready or not; empty: no note.
  void note(std::string_view part, std::string_view text);

  /// True when at least one part is known and every part is ready.
  [[nodiscard]] bool all_ready() const;

  /// "ready", or a line `part: reason` for each part that isn't; then a line for each note. Secrets are masked,
  /// control characters escaped, and each reason is cut to 1,200 bytes.
  [[nodiscard]] std::string report() const;

  /// The text of `/readyz`: the same with times, `part: reason (not ready since 2026-01-31T12:00:00Z)`, and with a
  /// line `part: ready since …` for each part that is ready.
  [[nodiscard]] std::string dated_report() const;

 private:
  struct Part {
    /// Why the part isn't ready; empty where it is.
    std::string reason;
    /// Since when the part is ready, or isn't, whatever the reason.
    std::chrono::system_clock::time_point since{};
  };

  void set(std::string_view part, std::string_view reason);
  [[nodiscard]] std::string report(bool dated) const;

  Clock now_;
  std::map<std::string, Part, std::less<>> parts_;
  std::map<std::string, std::string, std::less<>> notes_;
};

}  // namespace outboxd::telemetry
