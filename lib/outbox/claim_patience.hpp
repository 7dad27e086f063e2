// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "outbox/refusal_search.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <iterator>
#include <map>
#include <string>
#include <vector>

namespace outboxd {

/// How long claims may take while some of them time out. A row whose trigger is slow is tried alone, with more time
/// at each try, until it succeeds; so is a claim on a table where every row is slow.
class ClaimPatience {
 public:
  using Milliseconds = std::chrono::milliseconds;

  /// The upper bound of a claim's time: a single slow row must not hold up the rows that come meanwhile.
  static constexpr std::chrono::seconds kLongest{10};
  /// Beyond this number slow rows are forgotten, and start again with the usual time.
  static constexpr std::size_t kMostRows = 1'000;

  struct Turn {
    std::vector<std::string> ids;
    /// The time-out of each statement.
    Milliseconds time;
  };
  /// Which of the rows that are tried by their ids (at least one; the one that has waited longest first) have their
  /// turn: all rows that are not known to be slow, or a slow row alone. Where the first row is slow they alternate,
  /// so that neither kind keeps the other waiting for ever.
  [[nodiscard]] Turn turn_of(const std::vector<std::string>& ids) {
    Turn turn{{}, RefusalSearch::kPartTimeout};
    std::ranges::copy_if(ids, std::back_inserter(turn.ids), [this](const auto& id) { return !rows_.contains(id); });
    const auto slow = rows_.find(ids.front());
    const bool is_slow = slow != rows_.end() && (turn.ids.empty() || slow_next_);
    slow_next_ = !is_slow;
    if (is_slow) return {{ids.front()}, slow->second};
    return turn;
  }

  /// The row, tried alone, took longer than `time`; `usual` is the usual time-out of a statement.
  void was_too_slow(const std::string& id, Milliseconds time, Milliseconds usual) {
    if (rows_.size() >= kMostRows) rows_.clear();
    rows_[id] = std::min<Milliseconds>(kLongest, std::max(usual, 2 * time));
  }
  void was_claimed(const std::string& id) {
    if (!rows_.empty()) rows_.erase(id);
  }

  /// A claim of any rows returned some, or did not time out.
  void went_well() { fruitless_ = 0; }
  /// A claim of any rows timed out, and no single row was found to blame: the time-out of the next try.
  [[nodiscard]] Milliseconds once_more(Milliseconds usual) {
    return std::min<Milliseconds>(usual * (1U << std::min(fruitless_++, 4U)), kLongest);
  }

 private:
  /// Rows that timed out when tried alone, and how long each may take the next time.
  std::map<std::string, Milliseconds> rows_;
  /// The last turn was not a slow row's.
  bool slow_next_ = false;
  /// How many claims in a row timed out without a result.
  unsigned fruitless_ = 0;
};

}  // namespace outboxd
