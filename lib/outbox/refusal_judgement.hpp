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

/// Whether rows that the store refuses are refused for something of their own, or as the table takes no writes at
/// all.
///
/// The kind of error doesn't say: a trigger may raise any of them for one row, or for each. What does say is whether
/// other rows are written: beside them, or since they failed first, unless rows fail beside them that did not fail
/// before, as another outage would have it; or whether they fail for different causes. Without any such sign it is
/// everybody's, once nothing that is due is left untried.
class RefusalJudgement {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  /// Rows to leave out at most while looking for one that can be written.
  static constexpr std::size_t kMostUndecided = 10'000;
  /// After a search that was in vain, the next begins when this many times its time has passed, or the longest rest.
  static constexpr int kRestToSearch = 9;
  static constexpr std::chrono::minutes kLongestRest{1};

  enum class Whose { rows_own, undecided, everybodys };
  struct Judged {
    Whose whose = Whose::rows_own;
    /// Those whose refusal is now known to be their own.
    std::vector<Refusal> own{};
  };

  /// The table took some row's write.
  void wrote(TimePoint now) {
    wrote_at_ = now;
    next_search_ = {};
  }

  /// What one try came to: the rows refused, how many others were written, and whether it tried all that is due, but
  /// for those that were left out.
  Judged judge(std::vector<Refusal> refused, std::size_t written, bool tried_all, TimePoint now);

  /// Rows to leave out of the next try, so that it comes to others.
  [[nodiscard]] const std::map<std::string, Refusal>& undecided() const { return undecided_; }

  /// The row was written after all, or is gone.
  void forget(const std::string& id);
  /// There is nothing to forget.
  [[nodiscard]] bool knows_no_row() const { return refused_since_.empty() && known_.empty(); }

 private:
  /// Its own fault, whatever else is refused.
  [[nodiscard]] bool is_known(const Refusal& row) const;
  std::vector<Refusal> take_undecided();
  [[nodiscard]] bool causes_differ() const;

  TimePoint wrote_at_{};
  /// When the search began that undecided_ is of, and when the next may begin.
  TimePoint search_began_{};
  TimePoint next_search_{};
  std::map<std::string, Refusal> undecided_;
  struct Times {
    TimePoint first{};
    TimePoint last{};
  };
  /// When rows that are not known to be at fault were refused.
  std::map<std::string, Times> refused_since_;
  /// Rows whose own fault it was before.
  std::set<std::string> known_;
};

}  // namespace outboxd
