// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace outboxd::telemetry {

/// Whether the process does its job: it does when each of its named parts does. Used on the event loop only.
class Readiness {
 public:
  /// `part` works.
  void ready(std::string_view part);

  /// `part` doesn't, and why, for people. Naming a part at start makes its silence count.
  void not_ready(std::string_view part, std::string_view reason);

  /// What people should know of `part`, ready or not; empty: nothing more.
  void note(std::string_view part, std::string_view text);

  /// True when at least one part is known and every one is ready.
  [[nodiscard]] bool all_ready() const;

  /// What `/readyz` prints: "ready", or a line `part: reason` for each that isn't; then one for each note. Secrets
  /// are masked, control characters escaped, and each reason is cut to 1,200 bytes.
  [[nodiscard]] std::string report() const;

 private:
  /// Part → reason; empty for ready.
  std::map<std::string, std::string, std::less<>> parts_;
  std::map<std::string, std::string, std::less<>> notes_;
};

}  // namespace outboxd::telemetry
