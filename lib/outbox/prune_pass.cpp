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
  const bool may_end_early = reach_ == Reach::mostly_old && walks_ % kWholeEach != kWholeEach - 1;
  nothing_follows_ =
      rows.size() < rows_ || (may_end_early && rows.size() >= kEnoughToTell && all_are_young && rise_with_time(rows));
  return old;
}

bool PrunePass::removed(Duration took) {
  rows_ = took > kLongStep ? std::max<std::size_t>(rows_ / 2, 1) : std::min(2 * rows_, kMostRows);
  refused_rows_ = 0;
  after_ = last_;
  const bool is_over = nothing_follows_;
  if (is_over) begin_anew();
  return is_over;
}

PrunePass::Refused PrunePass::refused() {
  constexpr std::size_t kShare = 10;
  if (rows_ > 1) {
    rows_ = std::max<std::size_t>(rows_ / kShare, 1);
    return {};
  }
  Refused refused{.id = last_, .gave_up = ++refused_rows_ >= kMostRefused};
  after_ = last_;
  // Its neighbours are tried alone as well as long as none could be removed.
  rows_ = 1;
  if (refused.gave_up) begin_anew();
  return refused;
}

void PrunePass::begin_anew() {
  after_.reset();
  refused_rows_ = 0;
  ++walks_;
}

}  // namespace outboxd
