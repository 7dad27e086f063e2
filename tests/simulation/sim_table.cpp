// SPDX-License-Identifier: Apache-2.0
#include "simulation/sim_table.hpp"

#include <algorithm>
#include <tuple>

namespace outboxd::simulation {
namespace {

void write(SimRow& row, const Outcome& outcome, TimePoint now) {
  row.freed_at = now;
  row.freed_by = row.locked_by;
  row.locked_until = {};
  row.lease.clear();
  row.ended_without_outcome = false;
  if (outcome.delay.count() > 0) row.available_at = now + outcome.delay;
  if (!outcome.error.empty()) row.last_error = outcome.error;
  if (outcome.verdict == Verdict::release) {
    --row.attempts;
    ++row.releases;
  }
  row.published = outcome.verdict == Verdict::published;
  row.dead = outcome.verdict == Verdict::dead;
  if (!row.done()) return;
  row.done_by = row.locked_by;
  row.done_at = now;
}

}  // namespace

std::string print_time(TimePoint time) {
  return std::to_string(time.time_since_epoch().count());
}

TimePoint read_time(const std::string& printed) {
  return printed.empty() ? TimePoint::max() : TimePoint{TimePoint::duration{std::stoll(printed)}};
}

void SimTable::insert(Row row, TimePoint available_at) {
  const auto id = row.id;
  auto& placed = rows_[id];
  placed.row = std::move(row);
  placed.available_at = available_at;
  pending_.insert(&placed);
}

void SimTable::end_without_outcome(SimRow& row) {
  ++row.leases_lost;
  lost_leases_.push_back({row.row.id, row.locked_by, row.lease});
}

std::vector<std::string> SimTable::due(std::uint32_t limit, TimePoint now, TimePoint due_by,
                                       const RowFilter& locked) const {
  std::vector<const SimRow*> due;
  for (const auto* row : pending_) {
    if (row->available_at > std::min(now, due_by) || !row->is_free(now)) continue;
    if (!locked || !locked(*row)) due.push_back(row);
  }
  std::ranges::sort(due, {}, [](const SimRow* row) { return std::tie(row->available_at, row->row.id); });
  if (due.size() > limit) due.resize(limit);
  std::vector<std::string> ids;
  for (const auto* row : due) ids.push_back(row->row.id);
  return ids;
}

void SimTable::lease(const std::vector<std::string>& ids, const std::string& worker, const std::string& lease,
                     TimePoint now, std::chrono::milliseconds time, std::vector<Row>& rows) {
  for (const auto& id : ids) {
    auto& row = rows_.at(id);
    if (!row.lease.empty()) end_without_outcome(row);
    row.locked_by = worker;
    row.lease = lease;
    row.ended_without_outcome = false;
    row.locked_until = now + time;
    ++row.attempts;
    ++row.claims;
    rows.push_back(row.row);
    rows.back().attempt = row.attempts;
  }
}

dispatch::ClaimedRows SimTable::claim(const std::string& worker, std::uint32_t limit, TimePoint now,
                                      std::chrono::milliseconds lease_time, TimePoint due_by,
                                      const RowFilter& locked) {
  dispatch::ClaimedRows claimed;
  claimed.lease = new_lease();
  lease(due(limit, now, due_by, locked), worker, claimed.lease, now, lease_time, claimed.rows);
  return claimed;
}

std::size_t SimTable::settle(const std::string& worker, const dispatch::Settlement& settlement, TimePoint now,
                             const OutcomeFilter& refused) {
  std::size_t written = 0;
  for (const auto& outcome : settlement.outcomes) {
    auto& row = rows_.at(outcome.id);
    if (row.locked_by != worker || row.lease != settlement.lease) continue;
    if (refused && refused(row, outcome)) continue;
    write(row, outcome, now);
    if (row.done()) pending_.erase(&row);
    ++written;
  }
  return written;
}

void SimTable::undo(const std::string& id, bool attempts_anew) {
  auto& row = rows_.at(id);
  row.published = false;
  if (attempts_anew) row.attempts = 0;
  pending_.insert(&row);
}

std::vector<std::string> SimTable::poison_candidates(TimePoint now, std::uint32_t most_attempts) const {
  std::vector<const SimRow*> found;
  for (const auto* row : pending_) {
    if (row->available_at <= now && row->is_free(now) && row->is_poison_candidate(most_attempts))
      found.push_back(row);
  }
  std::ranges::stable_sort(found, {}, &SimRow::attempts);
  std::vector<std::string> ids;
  for (const auto* row : found) ids.push_back(row->row.id);
  return ids;
}

void SimTable::free_leases_of(const std::string& worker, TimePoint now) {
  for (auto* row : pending_) {
    if (row->locked_by != worker || row->lease.empty() || row->locked_until < now) continue;
    end_without_outcome(*row);
    row->lease.clear();
    row->ended_without_outcome = true;
    row->locked_until = {};
    row->freed_at = now;
    row->freed_by.clear();
  }
}

}  // namespace outboxd::simulation
