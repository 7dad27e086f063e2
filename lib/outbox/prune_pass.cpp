// SPDX-License-Identifier: Apache-2.0
#include "outbox/prune_pass.hpp"

#include <algorithm>

namespace outboxd {
namespace {

/// Whether no row was created before one that precedes it.
bool rise_with_time(const std::vector<PrunePass::Row>& rows) {
  std::chrono::milliseconds latest{0};
  for (const auto& row : rows) {
    if (!row.created || *row.created + PrunePass::kTolerance < latest) return false;
    latest = std::max(latest, *row.created);
  }
  return true;
}

}  // namespace

std::vector<std::string> PrunePass::read(const std::vector<Row>& rows) {
  std::vector<std::string> old;
  for (const auto& row : rows) {
    if (row.is_old) old.push_back(row.id);
  }
  last_ = rows.empty() ? std::nullopt : std::optional{rows.back().id};
  const bool all_are_young = std::ranges::all_of(rows, &Row::is_young);
  // A row or two may be in order by chance.
  constexpr std::size_t kEnoughToTell = 100;
  nothing_follows_ = rows.size() < rows_ || (rows.size() >= kEnoughToTell && all_are_young && rise_with_time(rows));
  return old;
}

bool PrunePass::removed(Duration took) {
  rows_ = took > kLongStep ? std::max<std::size_t>(rows_ / 2, 1) : std::min(2 * rows_, kMostRows);
  after_ = nothing_follows_ ? std::nullopt : last_;
  return nothing_follows_;
}

std::optional<std::string> PrunePass::refused() {
  constexpr std::size_t kShare = 10;
  if (rows_ > 1) {
    rows_ = std::max<std::size_t>(rows_ / kShare, 1);
    return std::nullopt;
  }
  after_ = last_;
  rows_ = 2;
  return last_;
}

}  // namespace outboxd
