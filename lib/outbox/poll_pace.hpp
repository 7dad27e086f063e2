// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>
#include <utility>

namespace outboxd {

/// How long to wait between claims that find fewer rows than they ask for, where commits could wake the dispatcher
/// and just can't at the moment: short at first, as rows are likely, then ever longer up to the poll interval.
class PollPace {
 public:
  using Duration = std::chrono::milliseconds;

  /// While rows keep coming; shorter, and claims of few rows each would take the writers' share of Postgres.
  static constexpr Duration kBesideWriters{10};

  explicit PollPace(Duration poll_interval) : longest_{poll_interval} {}

  /// The wait after a claim; `found`: there were rows.
  [[nodiscard]] Duration next(bool found) {
    const auto now = std::min({next_, longest_, found ? kBesideWriters : longest_});
    next_ = std::min(2 * now, longest_);
    return now;
  }

  void begin_short() { next_ = kShortest; }

 private:
  static constexpr Duration kShortest{1};

  Duration longest_;
  Duration next_ = kShortest;
};

}  // namespace outboxd
