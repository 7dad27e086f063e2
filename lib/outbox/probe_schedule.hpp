// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "outbox/backoff.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace outboxd {

/// Which rows are sent, and when, while Redis refuses everything: to find out whether it takes others.
///
/// Rows that were refused may be bad ones that stand in front of good ones, so that each probe passes over
/// those of the ones before, and takes as many as those together; when all have been tried it starts over.
class ProbeSchedule {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  /// Of the first probe, and of any.
  static constexpr std::size_t kFirstRows = 8;
  static constexpr std::size_t kMostRows = 64;
  /// Beyond this many rows the first ones are tried again: they are named in each claim.
  static constexpr std::size_t kMostTried = 1'000;

  /// The bounds of the waits between probes.
  ProbeSchedule(std::chrono::milliseconds shortest, std::chrono::milliseconds longest)
      : backoff_{shortest, longest} {}

  /// Redis has begun to refuse everything; the first probe is after the shortest wait.
  void begin(TimePoint now, double random) {
    tried_.clear();
    backoff_.reset();
    wait(now, random);
  }

  /// After each probe. `random` in [0, 1).
  void wait(TimePoint now, double random) { next_at_ = now + backoff_.next(random); }

  [[nodiscard]] bool is_due(TimePoint now) const { return now >= next_at_; }

  /// How many rows the next one tries.
  [[nodiscard]] std::size_t rows() const { return std::clamp(tried_.size(), kFirstRows, kMostRows); }

  /// Ids that the next one passes over.
  [[nodiscard]] const std::vector<std::string>& tried() const { return tried_; }

  void has_tried(const std::string& id) {
    if (tried_.size() >= kMostTried) tried_.clear();
    tried_.push_back(id);
  }

  /// There are no rows but those that were tried.
  void start_over() { tried_.clear(); }

 private:
  Backoff backoff_;
  TimePoint next_at_{};
  std::vector<std::string> tried_;
};

}  // namespace outboxd
