// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <ctime>
#include <optional>
#include <utility>

namespace outboxd::telemetry {

/// A clock that runs while the machine is suspended, unlike std::chrono::steady_clock; its times can only be compared
/// with each other.
[[nodiscard]] inline std::chrono::steady_clock::time_point time_since_boot() {
  timespec now{};
  if (clock_gettime(CLOCK_BOOTTIME, &now) != 0) return std::chrono::steady_clock::now();
  return std::chrono::steady_clock::time_point{std::chrono::seconds{now.tv_sec} +
                                               std::chrono::nanoseconds{now.tv_nsec}};
}

/// Detects that the process was not running for a while: stopped, suspended with its machine, or without CPU. No
/// server is to blame for work that is overdue after that. Pure.
class Pauses {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  /// Beats are a second apart.
  static constexpr std::chrono::seconds kShortest{5};

  /// To be called while the process runs. Returns the length of a long pause, once for each pause.
  std::optional<std::chrono::nanoseconds> look(TimePoint now) {
    const auto before = last_ ? std::exchange(*last_, now) : now;
    if (now - before < kShortest) return std::nullopt;
    return now - before;
  }

  /// From the first call on, look() is expected to be called each second.
  void beat(TimePoint now) {
    if (!last_) last_ = now;
  }

 private:
  std::optional<TimePoint> last_;
};

}  // namespace outboxd::telemetry
