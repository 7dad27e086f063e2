// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/ports.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace outboxd::simulation {

using dispatch::TimePoint;

/// One row of the simulated table, with what happened to it.
struct SimRow {
  Row row;
  TimePoint available_at{};
  TimePoint locked_until{};
  std::string locked_by;
  std::string lease;
  /// Its last lease was ended because its worker was dead.
  bool ended_without_outcome = false;
  std::uint32_t attempts = 0;
  bool published = false;
  bool dead = false;
  std::string last_error;

  std::uint32_t claims = 0;
  std::uint32_t releases = 0;
  /// Claims whose outcome was never written: the lease ran out, or was ended because its worker was dead.
  std::uint32_t leases_lost = 0;
  /// The last change that freed the row, and the worker that made it.
  TimePoint freed_at{};
  std::string freed_by;
  /// The worker that wrote the final outcome, and when.
  std::string done_by;
  TimePoint done_at{};

  [[nodiscard]] bool done() const { return published || dead; }
  [[nodiscard]] bool is_free(TimePoint now) const { return lease.empty() || locked_until < now; }
  /// For a free row: it was claimed more than once, the last time without an outcome.
  [[nodiscard]] bool is_poison_candidate(std::uint32_t most_attempts) const {
    const bool no_outcome = !lease.empty() || ended_without_outcome;
    return no_outcome && attempts >= std::min(2U, most_attempts - 1) && attempts < most_attempts;
  }
};

/// A time in the store's format.
[[nodiscard]] std::string print_time(TimePoint time);
/// The end of time for an empty text.
[[nodiscard]] TimePoint read_time(const std::string& printed);

/// The contract's `event_outbox`, in memory: the effects of the store's statements.
class SimTable {
 public:
  /// True for a row that is to be skipped (claim), or for an outcome that is not written (settle).
  using RowFilter = std::function<bool(const SimRow&)>;
  using OutcomeFilter = std::function<bool(const SimRow&, const Outcome&)>;

  /// By id, not by address: the same seed must give the same run.
  struct ById {
    bool operator()(const SimRow* left, const SimRow* right) const { return left->row.id < right->row.id; }
  };
  using Pending = std::set<SimRow*, ById>;

  /// A lease that ended without an outcome.
  struct LostLease {
    std::string id, worker, lease;
  };

  void insert(Row row, TimePoint available_at);

  dispatch::ClaimedRows claim(const std::string& worker, std::uint32_t limit, TimePoint now,
                              std::chrono::milliseconds lease_time, TimePoint due_by = TimePoint::max(),
                              const RowFilter& locked = {});
  /// The two halves of a claim: ids of due rows, in publishing order, and the leases of such rows.
  [[nodiscard]] std::vector<std::string> due(std::uint32_t limit, TimePoint now, TimePoint due_by,
                                             const RowFilter& locked) const;
  void lease(const std::vector<std::string>& ids, const std::string& worker, const std::string& lease, TimePoint now,
             std::chrono::milliseconds time, std::vector<Row>& rows);
  [[nodiscard]] std::string new_lease() { return std::to_string(++claims_); }
  std::size_t settle(const std::string& worker, const dispatch::Settlement& settlement, TimePoint now,
                     const OutcomeFilter& refused = {});
  /// Makes a published row due again, with its attempts reset or not.
  void undo(const std::string& id, bool attempts_anew);
  /// The rows that claims leave out as poison candidates, the least tried first.
  [[nodiscard]] std::vector<std::string> poison_candidates(TimePoint now, std::uint32_t most_attempts) const;
  /// Ends the leases of a dead worker.
  void free_leases_of(const std::string& worker, TimePoint now);

  [[nodiscard]] const std::map<std::string, SimRow>& rows() const { return rows_; }
  [[nodiscard]] const SimRow& row(const std::string& id) const { return rows_.at(id); }
  /// Rows that are neither published nor dead.
  [[nodiscard]] const Pending& pending() const { return pending_; }
  [[nodiscard]] bool all_done() const { return pending_.empty(); }
  /// The leases lost since the last call.
  [[nodiscard]] std::vector<LostLease> take_lost_leases() { return std::exchange(lost_leases_, {}); }

 private:
  void end_without_outcome(SimRow& row);

  std::map<std::string, SimRow> rows_;
  Pending pending_;
  std::uint64_t claims_ = 0;
  std::vector<LostLease> lost_leases_;
};

}  // namespace outboxd::simulation
