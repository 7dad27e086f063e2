// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/in_flight.hpp"
#include "dispatch/observer.hpp"
#include "outbox/quarantine.hpp"
#include "outbox/refusal_judgement.hpp"
#include "outbox/sent_rows.hpp"

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace outboxd::dispatch {

/// The rows that claims leave out: rows in quarantine, rows whose refusal is not judged yet, and rows that are
/// already in their streams.
class HeldRows {
 public:
  /// Both references must outlive it. `soon` as SentRows has it.
  HeldRows(Observer& observer, const InFlight& in_flight, std::chrono::steady_clock::duration soon)
      : observer_{observer}, in_flight_{in_flight}, sent_{soon} {}

  [[nodiscard]] Quarantine& quarantine() { return quarantine_; }
  [[nodiscard]] RefusalJudgement& refused_claims() { return refused_claims_; }
  [[nodiscard]] SentRows& sent() { return sent_; }

  [[nodiscard]] bool holds(const std::string& id, TimePoint now) const {
    return quarantine_.holds(id) || refused_claims_.undecided().contains(id) || sent_.is_left_out(id, now);
  }

  /// The ids of all rows that are left out.
  [[nodiscard]] std::vector<std::string> ids(TimePoint now) const {
    auto ids = quarantine_.ids();
    for (const auto& [id, row] : refused_claims_.undecided()) ids.push_back(id);
    for (auto& id : sent_.left_out(now)) ids.push_back(std::move(id));
    return ids;
  }

  /// Reports the number of rows that are held up, if it has changed.
  void report(TimePoint now) {
    const auto rows = quarantine_.size() + in_flight_.rows_postponed() + sent_.undone_rows(now);
    if (std::exchange(reported_, rows) != rows) observer_.held_up(rows);
  }

 private:
  Observer& observer_;
  const InFlight& in_flight_;
  Quarantine quarantine_;
  RefusalJudgement refused_claims_;
  SentRows sent_;
  std::size_t reported_ = 0;
};

}  // namespace outboxd::dispatch
