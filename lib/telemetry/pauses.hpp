// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <ctime>
#include <optional>
#include <utility>

namespace outboxd::telemetry {

/// A clock that goes on while the machine is suspended, unlike std::chrono::steady_clock; only for what is measured
/// with it alone.
[[nodiscard]] inline std::chrono::steady_clock::time_point time_since_boot() {
  timespec now{};
  if (clock_gettime(CLOCK_BOOTTIME, &now) != 0) return std::chrono::steady_clock::now();
  return std::chrono::steady_clock::time_point{std::chrono::seconds{now.tv_sec} +
                                               std::chrono::nanoseconds{now.tv_nsec}};
}

/// Notices that the process was not running for a while: stopped, suspended with its machine, or without CPU. What it
/// then finds overdue is no fault of a server's. Pure.
class Pauses {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  /// Beats are a second apart.
  static constexpr std::chrono::seconds kShortest{5};

  /// The process runs. Returns for how long it did not, if it was long; once for each pause.
  std::optional<std::chrono::nanoseconds> look(TimePoint now) {
    const auto before = last_ ? std::exchange(*last_, now) : now;
    if (now - before < kShortest) return std::nullopt;
    return now - before;
  }

  /// From the first beat on, looks are expected each second.
  void beat(TimePoint now) {
    if (!last_) last_ = now;
  }

 private:
  std::optional<TimePoint> last_;
};

}  // namespace outboxd::telemetry
