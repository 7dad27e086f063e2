// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "outbox/backoff.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace outboxd {

/// Which rows are sent, and when, while Redis refuses everything, to find out whether it takes other entries.
///
/// The refused rows may be bad ones that stand in front of good ones. So each probe leaves out the rows of
/// earlier probes and takes as many rows as they did together; when all rows have been tried it starts over.
class ProbeSchedule {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  /// The number of rows in the first probe, and in the largest.
  static constexpr std::size_t kFirstRows = 8;
  static constexpr std::size_t kMostRows = 64;
  /// Beyond this many rows the probe starts over, as each claim has to name the rows that were tried.
  static constexpr std::size_t kMostTried = 1'000;

  /// `shortest` and `longest` bound the waits between probes.
  ProbeSchedule(std::chrono::milliseconds shortest, std::chrono::milliseconds longest)
      : backoff_{shortest, longest} {}

  /// Redis has begun to refuse everything; the first probe follows after the shortest wait.
  void begin(TimePoint now, double random) {
    tried_.clear();
    backoff_.reset();
    wait(now, random);
  }

  /// Called after each probe. `random` in [0, 1).
  void wait(TimePoint now, double random) { next_at_ = now + backoff_.next(random); }

  [[nodiscard]] bool is_due(TimePoint now) const { return now >= next_at_; }

  /// How many rows the next probe tries.
  [[nodiscard]] std::size_t rows() const { return std::clamp(tried_.size(), kFirstRows, kMostRows); }

  /// The ids of the rows that the next probe leaves out.
  [[nodiscard]] const std::vector<std::string>& tried() const { return tried_; }

  void has_tried(const std::string& id) {
    if (tried_.size() >= kMostTried) tried_.clear();
    tried_.push_back(id);
  }

  /// All rows that are due have been tried.
  void start_over() { tried_.clear(); }

 private:
  Backoff backoff_;
  TimePoint next_at_{};
  std::vector<std::string> tried_;
};

}  // namespace outboxd
