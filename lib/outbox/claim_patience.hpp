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

/// How long claims may take while some are too slow: a row whose trigger takes long comes to its end when it is tried
/// by itself, with more time at each try, and so does a table on which all is slow.
class ClaimPatience {
 public:
  using Milliseconds = std::chrono::milliseconds;

  /// Beyond this a claim waits for nothing that may be a single row's, as others come meanwhile.
  static constexpr std::chrono::seconds kLongest{10};
  /// More slow rows are forgotten, and begin anew.
  static constexpr std::size_t kMostRows = 1'000;

  struct Turn {
    std::vector<std::string> ids;
    /// For each statement.
    Milliseconds time;
  };
  /// Of rows that are to be tried by their names (one at least), those whose turn it is: all that are not known to be
  /// slow, or else the first one, alone.
  [[nodiscard]] Turn turn_of(const std::vector<std::string>& ids) const {
    Turn turn{{}, RefusalSearch::kPartTimeout};
    std::ranges::copy_if(ids, std::back_inserter(turn.ids), [this](const auto& id) { return !rows_.contains(id); });
    if (!turn.ids.empty()) return turn;
    return {{ids.front()}, rows_.at(ids.front())};
  }

  /// The row took longer by itself than `time`; `usual` is what most statements may take.
  void was_too_slow(const std::string& id, Milliseconds time, Milliseconds usual) {
    if (rows_.size() >= kMostRows) rows_.clear();
    rows_[id] = std::min<Milliseconds>(kLongest, std::max(usual, 2 * time));
  }
  void was_claimed(const std::string& id) {
    if (!rows_.empty()) rows_.erase(id);
  }

  /// A claim of any rows brought some, or was not too slow.
  void went_well() { fruitless_ = 0; }
  /// A claim of any rows was too slow, and no row was found that is to blame for it: how long to try once more.
  [[nodiscard]] Milliseconds once_more(Milliseconds usual) {
    return std::min<Milliseconds>(usual * (1U << std::min(fruitless_++, 4U)), kLongest);
  }

 private:
  /// Rows that were too slow by themselves, and how long each may take the next time.
  std::map<std::string, Milliseconds> rows_;
  /// Claims in a row that were too slow for nothing.
  unsigned fruitless_ = 0;
};

}  // namespace outboxd
