// SPDX-License-Identifier: Apache-2.0
#include "dispatch/completer.hpp"

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

namespace outboxd::dispatch {
namespace {

// The first and the longest wait of a row that can't be settled with its batch before its next try: it may be locked
// by another session for a moment, or be refused as long as it lives.
constexpr std::chrono::milliseconds kPostponed{250};
constexpr std::chrono::milliseconds kLongPostponed{4'000};
// Such tries take at most a quarter of the time, as the outcomes of other rows wait for them.
constexpr int kRestToTry = 3;

auto is_published = [](const Outcome& outcome) { return outcome.verdict == Verdict::published; };

}  // namespace

Awaitable<void> Completer::run() {
  while (auto next = co_await settlements_.pop()) {
    Unsettled unsettled{std::move(*next)};
    co_await settle(unsettled);
    if (!unsettled.settlement.outcomes.empty()) postpone(std::move(unsettled));
  }
  has_settled_all_ = true;
  postponed_event_.set();
}

void Completer::postpone(Unsettled unsettled) {
  // Their outcome is known, so they can no longer do harm to other rows.
  const auto rows = unsettled.settlement.outcomes.size();
  shared_.in_flight.postponed(rows);
  unsettled.postponed = true;
  unsettled.delay = kPostponed;
  unsettled.next_try = shared_.clock.now() + kPostponed;
  postponed_event_.set();
  postponed_.push_back(std::move(unsettled));
  held_.report(shared_.clock.now());
}

Awaitable<void> Completer::run_postponed() {
  while (!has_settled_all_ || !postponed_.empty()) {
    co_await shared_.clock.wait(postponed_event_, next_try());
    const auto now = shared_.clock.now();
    const bool all = shared_.run.is_stopping() || shared_.run.past_deadline();
    for (auto& unsettled : std::exchange(postponed_, {})) {
      if (all || unsettled.next_try <= now) co_await try_postponed(unsettled, all);
      if (!unsettled.settlement.outcomes.empty()) postponed_.push_back(std::move(unsettled));
    }
  }
}

TimePoint Completer::next_try() const {
  if (postponed_.empty()) return kUntilSet;
  return std::min(std::ranges::min_element(postponed_, {}, &Unsettled::next_try)->next_try,
                  shared_.run.deadline().value_or(kUntilSet));
}

Awaitable<void> Completer::try_postponed(Unsettled& unsettled, bool in_haste) {
  const auto began = shared_.clock.now();
  co_await try_to_settle(unsettled);
  unsettled.delay = in_haste ? kPostponed : std::min(2 * unsettled.delay, kLongPostponed);
  const auto tried_at = shared_.clock.now();
  const auto rest = in_haste || unsettled.some_untried
                        ? kPostponed
                        : std::max<TimePoint::duration>(unsettled.delay, kRestToTry * (tried_at - began));
  unsettled.next_try = std::min(tried_at + rest, std::max(unsettled.settlement.lease_ends, tried_at + kPostponed));
}

Awaitable<void> Completer::settle(Unsettled& unsettled) {
  for (;;) {
    const bool answered = co_await try_to_settle(unsettled);
    if (answered || unsettled.settlement.outcomes.empty()) co_return;
    auto until = shared_.clock.now() + backoff_.next(shared_.random());
    if (const auto last = shared_.run.deadline()) until = std::min(until, *last);
    co_await shared_.clock.wait(retry_event_, until);
  }
}

Awaitable<bool> Completer::try_to_settle(Unsettled& unsettled) {
  auto& settlement = unsettled.settlement;
  const auto started = shared_.clock.now();
  auto& trouble = shared_.health.trouble();
  const auto settled = co_await outcomes_.settle(settlement);
  if (!settled) {
    trouble.settle = settled.error().text;
    trouble.settles_refused = !settled.error().unreachable;
    shared_.observer.server_failed(Server::postgres, settled.error().obstacle());
    if (settled.error().unreachable) {
      trouble.away_at = shared_.clock.now();
      held_.sent().store_was_away(*trouble.away_at);
    }
  } else if (!refused_.all_are_refused()) {
    trouble.settle.clear();
  }
  if (settled) {
    refused_.judge(*settled, unsettled.reported);
    refused_.all_are_refused() ? shared_.observer.server_failed(Server::postgres, Obstacle::refused)
                               : shared_.observer.server_answered(Server::postgres, false);
  }
  shared_.health.report_unless_starting();
  if (settled) {
    backoff_.reset();
    const auto lost = leases_lost(unsettled, *settled);
    shared_.observer.settled(settled->written, lost, shared_.clock.now() - started);
    report_duplicates(settlement, lost);
    remember_sent(settlement, *settled, lost);
    keep_unwritten(unsettled, *settled);
  } else if (!std::exchange(unsettled.in_doubt, true)) {
    remember_unsettled(settlement);
  }
  // While the store is unreachable no other worker can have claimed the rows, so the outcomes are worth keeping even
  // beyond the lease: the lease guard decides.
  const bool unreachable = !settled && settled.error().unreachable;
  const bool lease_is_over = shared_.clock.now() >= settlement.lease_ends && !unreachable;
  if (!settlement.outcomes.empty() && (lease_is_over || shared_.run.past_deadline())) give_up(unsettled);
  co_return settled.has_value();
}

std::size_t Completer::leases_lost(const Unsettled& unsettled, const Settled& settled) const {
  const auto& settlement = unsettled.settlement;
  // An earlier try may have been carried out although its answer was lost; then the lease guard refuses this worker's
  // own rows. No other worker can have taken them before the lease was over; afterwards that can't be decided.
  const bool written_before = unsettled.in_doubt && settled.written + settled.undone.size() == 0 &&
                              shared_.clock.now() < settlement.lease_ends;
  return written_before ? 0
                        : settlement.outcomes.size() - settled.written - settled.refused.size() -
                              settled.untried.size() - settled.undone.size();
}

void Completer::keep_unwritten(Unsettled& unsettled, const Settled& settled) {
  auto& [outcomes, lease, lease_ends, in_parts] = unsettled.settlement;
  unsettled.some_untried = !settled.untried.empty();
  if (settled.refused.empty() && settled.untried.empty()) {
    let_go_of(unsettled, outcomes.size());
    outcomes.clear();
    return;
  }
  std::set<std::string_view> ids;
  for (const auto& row : settled.refused) ids.insert(row.id);
  for (const auto& id : settled.untried) ids.insert(id);
  // These have their turn first the next time.
  std::stable_partition(outcomes.begin(), outcomes.end(), [&](const Outcome& outcome) {
    return std::ranges::find(settled.untried, outcome.id) != settled.untried.end();
  });
  const auto gone = std::erase_if(outcomes, [&](const Outcome& outcome) { return !ids.contains(outcome.id); });
  let_go_of(unsettled, gone);
  // Before its lease ends, as it may be claimed at once then.
  if (!std::exchange(in_parts, true)) remember_unsettled(unsettled.settlement);
}

void Completer::let_go_of(const Unsettled& unsettled, std::size_t rows) {
  if (unsettled.postponed) {
    shared_.in_flight.postponed_finished(rows);
    held_.report(shared_.clock.now());
    return;
  }
  shared_.in_flight.finished(rows);
}

void Completer::report_duplicates(const Settlement& settlement, std::size_t leases_lost) {
  // The worker that took the lease may have sent the row as well; the store does not say which of the rows it was.
  const auto sent = static_cast<std::size_t>(std::ranges::count_if(settlement.outcomes, is_published));
  for (auto i = std::min(leases_lost, sent); i > 0; --i) shared_.observer.possible_duplicate();
}

void Completer::give_up(Unsettled& unsettled) {
  auto& outcomes = unsettled.settlement.outcomes;
  if (!refused_.all_are_refused()) shared_.health.trouble().settle.clear();
  remember_unsettled(unsettled.settlement);
  shared_.observer.unsettled(outcomes.size());
  for (auto i = std::ranges::count_if(outcomes, is_published); i > 0; --i) shared_.observer.possible_duplicate();
  let_go_of(unsettled, outcomes.size());
  outcomes.clear();
}

void Completer::remember_sent(const Settlement& settlement, const Settled& settled, std::size_t leases_lost) {
  const auto now = shared_.clock.now();
  // Where no outcome was written, an earlier try has done it, or the leases were lost; where some were lost, it isn't
  // known which. The memory of rows that were sent, and may not be marked, is kept.
  const bool in_doubt = leases_lost > 0 || settled.written + settled.undone.size() == 0;
  std::set<std::string_view> unwritten;
  for (const auto& row : settled.refused) unwritten.insert(row.id);
  for (const auto& id : settled.untried) unwritten.insert(id);
  for (const auto& row : settled.undone) unwritten.insert(row.id);
  for (const auto& outcome : settlement.outcomes) {
    if (outcome.verdict != Verdict::published || unwritten.contains(outcome.id)) continue;
    if (!in_doubt) held_.sent().settled(outcome.id, outcome.attempt, now);
  }
  for (const auto& row : settled.undone) {
    const auto outcome = std::ranges::find(settlement.outcomes, row.id, &Outcome::id);
    if (outcome != settlement.outcomes.end() && outcome->verdict == Verdict::published) {
      held_.sent().undone(row.id, outcome->attempt, now);
    } else {
      held_.quarantine().add(row, now);
    }
  }
  held_.report(now);
}

void Completer::remember_unsettled(const Settlement& settlement) {
  const auto now = shared_.clock.now();
  for (const auto& outcome : settlement.outcomes) {
    if (outcome.verdict == Verdict::published) held_.sent().unsettled(outcome.id, outcome.attempt, now);
  }
}

}  // namespace outboxd::dispatch
