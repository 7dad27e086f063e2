// SPDX-License-Identifier: Apache-2.0
#include "dispatch/refused_settlements.hpp"

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

namespace outboxd::dispatch {
namespace {

// Longer than the longest pause between two tries.
constexpr std::chrono::minutes kForgotten{10};

}  // namespace

void RefusedSettlements::judge(const Settled& settled, std::set<std::string>& reported) {
  const auto now = shared_.clock.now();
  auto& trouble = shared_.health.trouble();
  auto refused = settled.refused;
  std::ranges::copy(settled.undone, std::back_inserter(refused));
  if (!settled.refusal.empty()) refused_.reason = settled.refusal;
  if (settled.written > 0) {
    // It shows that the table can be written, which concerns claims as well.
    held_.refused_claims().wrote(now);
    judgement_.wrote(now);
    refused_ = {};
    backoff_.reset();
    trouble.settle.clear();
  }
  if (refused.empty()) return;
  auto judged = judgement_.judge(std::move(refused), settled.written, true, now);
  std::erase_if(judged.own, [&](const RefusedRow& row) { return !reported.insert(row.id).second; });
  if (!judged.own.empty()) shared_.observer.refused_by_store(judged.own);
  if (judged.whose == RefusalJudgement::Whose::rows_own) return;
  refused_.again(now);
  if (!refused_.lasts(now)) return;
  trouble.settle = refused_.reason;
  trouble.settles_refused = true;
}

void RefusedSettlements::forget_old() {
  if (!refused_.since || shared_.clock.now() - refused_.last <= kForgotten) return;
  refused_ = {};
  shared_.health.trouble().settle.clear();
}

}  // namespace outboxd::dispatch
