// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "outbox/refusal.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace outboxd {

/// Rows that Postgres refuses for a fault of their own. Claims leave them out; each is tried by itself after a delay
/// that doubles with every refusal.
class Quarantine {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  static constexpr std::chrono::seconds kFirstDelay{1};
  static constexpr std::chrono::seconds kLongestDelay{60};
  /// The more rows claims leave out, the slower they are: this many cost a claim some milliseconds.
  static constexpr std::size_t kMost = 10'000;

  /// The row was refused, for the first time or again.
  void add(const Refusal& row, TimePoint now) {
    if (row.dead) {
      rows_.erase(row.id);
      return;
    }
    if (rows_.size() >= kMost && !rows_.contains(row.id)) return;
    auto& held = rows_[row.id];
    held.cause = row.cause;
    held.delay = held.delay.count() == 0 ? kFirstDelay : std::min(2 * held.delay, kLongestDelay);
    held.until = now + held.delay;
  }

  /// The row was written, or is gone. Rows that were refused for the same cause may succeed now as well.
  void release(const std::string& id, bool written) {
    const auto row = rows_.find(id);
    if (row == rows_.end()) return;
    const auto cause = row->second.cause;
    rows_.erase(row);
    if (!written) return;
    for (auto& [other, held] : rows_) {
      if (held.cause == cause) held.until = {};
    }
  }

  [[nodiscard]] bool holds(const std::string& id) const { return rows_.contains(id); }
  [[nodiscard]] std::size_t size() const { return rows_.size(); }
  [[nodiscard]] std::vector<std::string> ids() const {
    std::vector<std::string> all;
    for (const auto& [id, held] : rows_) all.push_back(id);
    return all;
  }

  /// Rows whose delay is over, `most` of them. The row that has been due longest comes first, so that no row waits
  /// while others are tried again and again.
  [[nodiscard]] std::vector<std::string> due(TimePoint now, std::size_t most) const {
    std::vector<std::pair<TimePoint, const std::string*>> due;
    for (const auto& [id, held] : rows_) {
      if (held.until <= now) due.emplace_back(held.until, &id);
    }
    std::ranges::stable_sort(due, {}, [](const auto& row) { return row.first; });
    if (due.size() > most) due.resize(most);
    std::vector<std::string> ids;
    ids.reserve(due.size());
    for (const auto& [until, id] : due) ids.push_back(*id);
    return ids;
  }

 private:
  struct Held {
    TimePoint until{};
    std::chrono::seconds delay{0};
    std::string cause;
  };
  std::map<std::string, Held> rows_;
};

}  // namespace outboxd
