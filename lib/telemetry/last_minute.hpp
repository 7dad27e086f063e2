// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <numeric>

namespace outboxd::telemetry {

/// How many events there were in the last sixty seconds, to the second.
class LastMinute {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  void add(std::uint64_t events, TimePoint now) {
    forget(now);
    counts_[index(newest_)] += events;
  }

  [[nodiscard]] std::uint64_t count(TimePoint now) {
    forget(now);
    return std::accumulate(counts_.begin(), counts_.end(), std::uint64_t{0});
  }

 private:
  static constexpr std::int64_t kSeconds = 60;

  static std::size_t index(std::int64_t second) { return static_cast<std::size_t>(second % kSeconds); }

  void forget(TimePoint now) {
    const std::int64_t second = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
    if (second - newest_ >= kSeconds) counts_ = {};
    for (; newest_ < second && second - newest_ < kSeconds; ++newest_) counts_[index(newest_ + 1)] = 0;
    newest_ = second;
  }

  std::array<std::uint64_t, kSeconds> counts_{};
  std::int64_t newest_ = 0;
};

}  // namespace outboxd::telemetry
