// SPDX-License-Identifier: Apache-2.0
#include "simulation/sim_table.hpp"

#include <algorithm>
#include <tuple>

namespace outboxd::simulation {
namespace {

void write(SimRow& row, const Outcome& outcome, TimePoint now) {
  row.locked_until = {};
  row.lease.clear();
  if (outcome.delay.count() > 0) row.available_at = now + outcome.delay;
  switch (outcome.verdict) {
    case Verdict::published:
      row.published = true;
      return;
    case Verdict::retry:
      row.last_error = outcome.error;
      return;
    case Verdict::dead:
      row.dead = true;
      row.last_error = outcome.error;
      return;
    case Verdict::release:
      --row.attempts;
      ++row.releases;
      return;
  }
}

bool is_due(const SimRow& row, TimePoint now) {
  const bool free = row.lease.empty() || row.locked_until < now;
  return !row.published && !row.dead && row.available_at <= now && free;
}

/// Of a row that is due.
bool is_suspect(const SimRow& row) {
  return !row.lease.empty() && row.attempts >= 2;
}

}  // namespace

void SimTable::insert(Row row, TimePoint available_at) {
  const auto id = row.id;
  auto& placed = rows_[id];
  placed.row = std::move(row);
  placed.available_at = available_at;
}

dispatch::ClaimedRows SimTable::claim(const std::string& worker, std::uint32_t limit, TimePoint now,
                                      std::chrono::milliseconds lease, const std::vector<std::string>& only) {
  std::vector<SimRow*> due;
  for (auto& [id, row] : rows_) {
    const bool wanted = only.empty() ? !is_suspect(row) : std::ranges::find(only, id) != only.end();
    if (is_due(row, now) && wanted) due.push_back(&row);
  }
  std::ranges::sort(due, {}, [](const SimRow* row) { return std::tie(row->available_at, row->row.id); });
  if (due.size() > limit) due.resize(limit);
  dispatch::ClaimedRows claimed;
  claimed.lease = std::to_string(++claims_);
  for (auto* row : due) {
    if (!row->lease.empty()) ++row->leases_run_out;
    row->locked_by = worker;
    row->lease = claimed.lease;
    row->locked_until = now + lease;
    ++row->attempts;
    ++row->claims;
    claimed.rows.push_back(row->row);
    claimed.rows.back().attempt = row->attempts;
  }
  return claimed;
}

std::vector<std::string> SimTable::suspects(TimePoint now) const {
  std::vector<const SimRow*> found;
  for (const auto& [id, row] : rows_) {
    if (is_due(row, now) && is_suspect(row)) found.push_back(&row);
  }
  std::ranges::stable_sort(found, {}, &SimRow::attempts);
  std::vector<std::string> ids;
  for (const auto* row : found) ids.push_back(row->row.id);
  return ids;
}

std::size_t SimTable::settle(const std::string& worker, const dispatch::Settlement& settlement, TimePoint now) {
  std::size_t written = 0;
  for (const auto& outcome : settlement.outcomes) {
    auto& row = rows_.at(outcome.id);
    if (row.locked_by != worker || row.lease != settlement.lease) continue;
    write(row, outcome, now);
    ++written;
  }
  return written;
}

bool SimTable::all_done() const {
  return std::ranges::all_of(rows_, [](const auto& entry) { return entry.second.published || entry.second.dead; });
}

}  // namespace outboxd::simulation
