// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace outboxd {

/// Tells rows that no dispatcher takes in time from rows that only look old, as their writers insert them with times
/// in the past: those are gone at the next look, and others are there instead. Of a backlog that dispatchers work
/// off, the rows that were due last are still there.
class OverdueRows {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  enum class Verdict {
    /// No row is overdue.
    none,
    /// Some may be: look again in a while.
    unknown,
    overdue,
  };

  /// `poll_interval`: the longest time that a dispatcher may leave a due row alone.
  explicit OverdueRows(std::chrono::milliseconds poll_interval)
      : due_for_{std::max<std::chrono::milliseconds>(std::chrono::seconds{10}, 2 * poll_interval)},
        seen_for_{std::max<std::chrono::milliseconds>(std::chrono::seconds{2}, 2 * poll_interval)} {}

  /// By the table's own times, rows that have been due for longer are to be looked at.
  [[nodiscard]] std::chrono::milliseconds due_for() const { return due_for_; }

  /// A row that is found again after that time is overdue.
  [[nodiscard]] std::chrono::milliseconds seen_for() const { return seen_for_; }

  /// The ids of the rows that earlier looks have found. The next one has to look for these as well.
  [[nodiscard]] std::vector<std::string> seen() const {
    std::vector<std::string> ids;
    ids.reserve(seen_since_.size());
    for (const auto& [id, since] : seen_since_) ids.push_back(id);
    return ids;
  }

  /// The ids of such rows that were found now: those of seen() that still are, and some of those due first and last.
  Verdict look(const std::vector<std::string>& ids, TimePoint now) {
    // What happened in a longer gap isn't known.
    constexpr std::chrono::minutes kLongestGap{1};
    if (!last_look_ || now - *last_look_ > kLongestGap) {
      seen_since_.clear();
      looking_since_ = now;
    }
    last_look_ = now;
    std::unordered_map<std::string, TimePoint> seen_since;
    bool is_overdue = false;
    for (const auto& id : ids) {
      const auto known = seen_since_.find(id);
      if (known == seen_since_.end()) continue;
      is_overdue = is_overdue || now - known->second >= seen_for_;
      seen_since.insert(*known);
    }
    // Those that were found first are the ones to wait for.
    for (const auto& id : ids) {
      if (seen_since.size() >= kMostSeen) break;
      seen_since.emplace(id, now);
    }
    seen_since_ = std::move(seen_since);
    if (is_overdue) return Verdict::overdue;
    return ids.empty() || now - looking_since_ >= seen_for_ ? Verdict::none : Verdict::unknown;
  }

 private:
  static constexpr std::size_t kMostSeen = 3'000;

  std::chrono::milliseconds due_for_;
  std::chrono::milliseconds seen_for_;
  std::unordered_map<std::string, TimePoint> seen_since_;
  TimePoint looking_since_{};
  std::optional<TimePoint> last_look_;
};

}  // namespace outboxd
