// SPDX-License-Identifier: Apache-2.0
#include "dispatch/refused_claims.hpp"

#include <algorithm>
#include <utility>

namespace outboxd::dispatch {
namespace {

// See LockedRows.
constexpr std::size_t kMostLockedCounted = 100;

}  // namespace

bool RefusedClaims::judge(ClaimedRows& claimed, Scope scope, std::uint32_t limit) {
  const auto now = shared_.clock.now();
  auto& quarantine = held_.quarantine();
  auto& trouble = shared_.health.trouble();
  const auto written = claimed.rows.size();
  // Rows of blocked streams are due as well, and a sample does not distinguish them.
  const bool open_to_all = scope != Scope::named_rows;
  if (scope == Scope::all || (open_to_all && written > 0)) starvation_.claimed(written);
  if (!claimed.refusal.empty()) refused_.reason = claimed.refusal;
  const bool tried_all = open_to_all && !claimed.more && written + claimed.refused.size() < limit;
  const bool none_refused = claimed.refused.empty();
  if (!held_.refused_claims().knows_no_row()) {
    for (const auto& row : claimed.rows) held_.refused_claims().forget(row.id);
  }
  auto judged = held_.refused_claims().judge(std::exchange(claimed.refused, {}), written, tried_all, now);
  for (const auto& row : judged.own) quarantine.add(row, now);
  claimed.refused = std::move(judged.own);
  held_.report(now);
  // Rows beyond the number that claims can leave out would come again and again.
  const bool in_the_way = open_to_all && written == 0 && std::ranges::any_of(claimed.refused, [&](const auto& row) {
                            return !row.dead && !quarantine.holds(row.id);
                          });
  if (judged.whose == RefusalJudgement::Whose::rows_own && !in_the_way) {
    // Rows in quarantine that are refused again prove nothing; nor does it prove anything that no other row is
    // refused if no other row was tried.
    if (written > 0 || (open_to_all && !claimed.refused.empty()) || (none_refused && tried_all)) {
      refused_ = {};
      trouble.claim.clear();
    }
    return true;
  }
  if (!refused_.since) refused_.since = now;
  const bool everybodys = in_the_way || judged.whose == RefusalJudgement::Whose::everybodys;
  if (refused_.lasts(now) || (everybodys && !shared_.run.waits_for_outages())) {
    trouble.claim = refused_.reason;
    trouble.claims_refused = true;
    shared_.health.report();
  }
  if (everybodys) return false;
  // Claims go on with the rows behind these.
  claimed.more = true;
  return true;
}

void RefusedClaims::sampled(const BacklogSample& sample) {
  auto& starving = shared_.health.trouble().starving;
  // If only locked rows are due, no row could go out: they have a note of their own.
  const bool all_may_be_locked = sample.locked.rows >= kMostLockedCounted;
  const auto left_out = held_.ids(shared_.clock.now()).size() + (all_may_be_locked ? sample.due : sample.locked.rows);
  const bool starves = starvation_.sampled(sample.due, left_out);
  starving.clear();
  if (starves) {
    starving =
        "rows are due, but claims come back empty, and no other dispatcher takes them: end the "
        "transactions that hold locks on them";
    starving += sample.locked.who.empty() ? ", and look at the table's triggers and policies"
                                          : " (" + sample.locked.who + ")";
  }
  shared_.health.report_unless_starting();
}

}  // namespace outboxd::dispatch
