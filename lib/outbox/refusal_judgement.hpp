// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "outbox/refusal.hpp"

#include <chrono>
#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace outboxd {

/// Decides whether rows that the store refuses are at fault themselves, or whether the table takes no writes at all.
///
/// The kind of error doesn't say: a trigger may raise any error for one row, or for each. Rows are at fault when
/// other rows are written beside them, or have been written since they failed first (unless rows that did not fail
/// before now fail beside them, which points to a new outage), or when they fail for different causes. Without any
/// such sign the table is at fault, once every row that is due has been tried.
class RefusalJudgement {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  /// The largest number of rows to leave out while looking for a row that can be written.
  static constexpr std::size_t kMostUndecided = 10'000;
  /// After a vain search, the next begins when this many times the search's duration has passed, or the longest rest.
  static constexpr int kRestToSearch = 9;
  static constexpr std::chrono::minutes kLongestRest{1};

  enum class Whose { rows_own, undecided, everybodys };
  struct Judged {
    Whose whose = Whose::rows_own;
    /// Rows that are now known to be refused for a fault of their own.
    std::vector<Refusal> own{};
  };

  /// The table took the write of a row.
  void wrote(TimePoint now) {
    wrote_at_ = now;
    next_search_ = {};
  }

  /// The result of one try: the rows refused, how many others were written, and whether every due row was tried,
  /// apart from the rows that were left out.
  Judged judge(std::vector<Refusal> refused, std::size_t written, bool tried_all, TimePoint now);

  /// Rows to leave out of the next try, so that it reaches other rows.
  [[nodiscard]] const std::map<std::string, Refusal>& undecided() const { return undecided_; }

  /// The row was written after all, or is gone.
  void forget(const std::string& id);
  /// No row is remembered, so forget() has nothing to do.
  [[nodiscard]] bool knows_no_row() const { return refused_since_.empty() && known_.empty(); }

 private:
  /// The row itself is at fault, whatever else is refused.
  [[nodiscard]] bool is_known(const Refusal& row) const;
  std::vector<Refusal> take_undecided();
  [[nodiscard]] bool causes_differ() const;

  TimePoint wrote_at_{};
  /// When the search for undecided_ began, and when the next may begin.
  TimePoint search_began_{};
  TimePoint next_search_{};
  std::map<std::string, Refusal> undecided_;
  struct Times {
    TimePoint first{};
    TimePoint last{};
    /// It was refused again after a write, beside new rows. That counts as another outage once, so that rows which
    /// keep coming and failing don't hide this one.
    bool was_spared = false;
  };
  /// When rows were refused that are not known to be at fault.
  std::map<std::string, Times> refused_since_;
  /// Rows that were found at fault before.
  std::set<std::string> known_;
};

}  // namespace outboxd
