// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

namespace outboxd::postgres {

/// Where the rows are that the next claims take while a backlog is worked off.
///
/// An index keeps the entries of rows that were claimed until no session's snapshot can need them any more, and each
/// claim that begins at the index's start steps over all of them: with an old snapshot held somewhere, the cost of a
/// drain grows with the square of the backlog. So one look finds the rows of many claims: of about as many as are made
/// while it is good.
class LookAhead {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  /// Rows to look for at once: at least so many that a look's cost vanishes beside theirs.
  static constexpr std::size_t kFewest = 20'000;
  /// A few megabytes.
  static constexpr std::size_t kMost = 160'000;
  /// What commits late, and belongs before the rows that were found, waits no longer than this.
  static constexpr std::chrono::seconds kGoodFor{2};

  /// How many rows the next look is to find.
  [[nodiscard]] std::size_t rows_to_find(TimePoint now) const {
    if (places_.empty()) return kFewest;
    const bool used_up = next_ == places_.size() && now < good_until_;
    return used_up ? std::min(2 * places_.size(), kMost) : std::max(next_, kFewest);
  }

  void found(std::vector<std::string> places, std::string due_by, TimePoint now) {
    places_ = std::move(places);
    due_by_ = std::move(due_by);
    next_ = 0;
    good_until_ = now + kGoodFor;
  }

  void forget() {
    places_.clear();
    next_ = 0;
  }

  /// The places of the next rows, `limit` at most; empty when there are none, or they are no longer good.
  [[nodiscard]] std::vector<std::string> take(std::size_t limit, const std::string& due_by, TimePoint now) {
    if (now >= good_until_ || due_by != due_by_) return {};
    const auto count = std::min(limit, places_.size() - next_);
    const auto begin = places_.begin() + static_cast<std::ptrdiff_t>(next_);
    next_ += count;
    return {std::make_move_iterator(begin), std::make_move_iterator(begin + static_cast<std::ptrdiff_t>(count))};
  }

 private:
  std::vector<std::string> places_;
  std::size_t next_ = 0;
  std::string due_by_;
  TimePoint good_until_{};
};

}  // namespace outboxd::postgres
