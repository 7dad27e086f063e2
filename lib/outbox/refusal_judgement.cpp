// SPDX-License-Identifier: Apache-2.0
#include "outbox/refusal_judgement.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace outboxd {
namespace {

// More than are ever refused at once: only a bound on the memory.
constexpr std::size_t kMostRemembered = 2 * RefusalJudgement::kMostUndecided;
constexpr std::chrono::minutes kForgotten{5};

}  // namespace

RefusalJudgement::Judged RefusalJudgement::judge(std::vector<Refusal> refused, std::size_t written, bool tried_all,
                                                 TimePoint now) {
  Judged judged;
  if (written > 0) wrote(now);
  if (undecided_.empty()) search_began_ = now;
  if (refused_since_.size() > kMostRemembered) refused_since_.clear();
  if (known_.size() > kMostRemembered) known_.clear();
  bool any_is_new = false;
  for (const auto& row : refused) {
    auto& times = refused_since_.try_emplace(row.id, Times{now, now}).first->second;
    // An outage that is long over proves nothing about the rows that it refused.
    if (now - times.last > kForgotten) times = {now, now};
    times.last = now;
    if (times.first >= wrote_at_ && !is_known(row)) any_is_new = true;
  }
  const bool may_be_another_outage = written == 0 && any_is_new;
  for (auto& row : refused) {
    auto& times = refused_since_[row.id];
    const bool wrote_since = wrote_at_ > times.first;
    if (is_known(row) || (wrote_since && (!may_be_another_outage || times.was_spared))) {
      judged.own.push_back(std::move(row));
    } else {
      if (wrote_since) times = {.first = now, .last = now, .was_spared = true};
      auto id = row.id;
      undecided_.insert_or_assign(std::move(id), std::move(row));
    }
  }
  if (written > 0 || causes_differ()) std::ranges::move(take_undecided(), std::back_inserter(judged.own));
  for (const auto& row : judged.own) {
    known_.insert(row.id);
    refused_since_.erase(row.id);
    undecided_.erase(row.id);
  }
  if (undecided_.empty()) return judged;
  judged.whose = Whose::undecided;
  const bool in_vain = tried_all || undecided_.size() >= kMostUndecided;
  if (in_vain) {
    next_search_ = now + std::min<TimePoint::duration>(kRestToSearch * (now - search_began_), kLongestRest);
  }
  if (in_vain || now < next_search_) {
    judged.whose = Whose::everybodys;
    // All of them are tried again, as the cause may be over.
    undecided_.clear();
  }
  return judged;
}

bool RefusalJudgement::is_known(const Refusal& row) const {
  return row.dead || row.cause.empty() || known_.contains(row.id);
}

void RefusalJudgement::forget(const std::string& id) {
  known_.erase(id);
  refused_since_.erase(id);
  undecided_.erase(id);
}

std::vector<Refusal> RefusalJudgement::take_undecided() {
  std::vector<Refusal> all;
  for (auto& [id, row] : std::exchange(undecided_, {})) all.push_back(std::move(row));
  return all;
}

bool RefusalJudgement::causes_differ() const {
  return std::ranges::any_of(
      undecided_, [this](const auto& row) { return row.second.cause != undecided_.begin()->second.cause; });
}

}  // namespace outboxd
