// SPDX-License-Identifier: Apache-2.0
// The third loop: writes outcomes, and keeps them over an outage of the store for as long as the lease lives.
#include "dispatch/dispatcher.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace outboxd::dispatch {
namespace {

// How long a row that can't be settled with its batch waits for its next try, at first and at last: it may be locked
// by another session for a moment, or be refused for as long as it lives.
constexpr std::chrono::milliseconds kPostponed{250};
constexpr std::chrono::milliseconds kLongPostponed{4'000};
// Such tries take a quarter of the time at most, as the outcomes of others wait for them.
constexpr int kRestToTry = 3;

auto is_published = [](const Outcome& outcome) { return outcome.verdict == Verdict::published; };

}  // namespace

Awaitable<void> Dispatcher::settle_loop() {
  while (auto next = co_await to_settle_.pop()) {
    Unsettled unsettled{std::move(*next)};
    co_await settle(unsettled);
    if (!unsettled.settlement.outcomes.empty()) postpone(std::move(unsettled));
  }
  no_more_to_postpone_ = true;
  postponed_alarm_.ring();
}

void Dispatcher::postpone(Unsettled unsettled) {
  // Their outcome is known: nothing more is done with them that others could suffer from.
  const auto rows = unsettled.settlement.outcomes.size();
  in_flight_.postponed(rows);
  unsettled.postponed = true;
  unsettled.delay = kPostponed;
  unsettled.next_try = parts_.clock.now() + kPostponed;
  postponed_alarm_.ring();
  postponed_.push_back(std::move(unsettled));
  report_held_up();
}

Awaitable<void> Dispatcher::postponed_loop() {
  while (!no_more_to_postpone_ || !postponed_.empty()) {
    auto until = kUntilItRings;
    if (!postponed_.empty()) {
      until = std::min(std::ranges::min_element(postponed_, {}, &Unsettled::next_try)->next_try,
                       run_.deadline().value_or(kUntilItRings));
    }
    co_await parts_.clock.wait(postponed_alarm_, until);
    const auto now = parts_.clock.now();
    const bool all = run_.is_stopping() || run_.past_deadline();
    for (auto& unsettled : std::exchange(postponed_, {})) {
      if (all || unsettled.next_try <= now) {
        const auto began = parts_.clock.now();
        co_await try_to_settle(unsettled);
        unsettled.delay = all ? kPostponed : std::min(2 * unsettled.delay, kLongPostponed);
        const auto tried_at = parts_.clock.now();
        const auto rest = all || unsettled.some_untried
                              ? kPostponed
                              : std::max<TimePoint::duration>(unsettled.delay, kRestToTry * (tried_at - began));
        unsettled.next_try =
            std::min(tried_at + rest, std::max(unsettled.settlement.lease_ends, tried_at + kPostponed));
      }
      if (!unsettled.settlement.outcomes.empty()) postponed_.push_back(std::move(unsettled));
    }
  }
  run_.end();
  sample_alarm_.ring();
  watch_alarm_.ring();
}

Awaitable<void> Dispatcher::settle(Unsettled& unsettled) {
  for (;;) {
    const bool answered = co_await try_to_settle(unsettled);
    if (answered || unsettled.settlement.outcomes.empty()) co_return;
    auto until = parts_.clock.now() + settle_backoff_.next(parts_.random());
    if (const auto last = run_.deadline()) until = std::min(until, *last);
    co_await parts_.clock.wait(settle_alarm_, until);
  }
}

Awaitable<bool> Dispatcher::try_to_settle(Unsettled& unsettled) {
  auto& settlement = unsettled.settlement;
  const auto started = parts_.clock.now();
  const auto settled = co_await parts_.outcomes.settle(settlement);
  if (!settled) {
    trouble_.settle = settled.error().text;
    trouble_.settles_refused = !settled.error().unreachable;
    if (settled.error().unreachable) store_was_away();
  } else if (!settlements_refused_.since) {
    trouble_.settle.clear();
  }
  if (settled) judge_settlement(unsettled, *settled);
  health_.report_unless_starting();
  if (settled) {
    settle_backoff_.reset();
    const auto lost = leases_lost(unsettled, *settled);
    observer_.settled(settled->written, lost, parts_.clock.now() - started);
    account_settled(settlement, lost);
    remember_sent(settlement, *settled, lost);
    keep_unwritten(unsettled, *settled);
  } else if (!std::exchange(unsettled.in_doubt, true)) {
    remember_unsettled(settlement);
  }
  // While the store is away nobody else can have claimed the rows, so that the outcomes are worth keeping even beyond
  // the lease: the guard decides.
  const bool unreachable = !settled && settled.error().unreachable;
  const bool lease_is_over = parts_.clock.now() >= settlement.lease_ends && !unreachable;
  if (!settlement.outcomes.empty() && (lease_is_over || run_.past_deadline())) give_up_settling(unsettled);
  co_return settled.has_value();
}

std::size_t Dispatcher::leases_lost(const Unsettled& unsettled, const Settled& settled) const {
  const auto& settlement = unsettled.settlement;
  // An earlier try may have been carried out although its answer was lost; then the guard refuses our own rows.
  // Nobody else can have taken them before the lease was over; afterwards there is no telling.
  const bool written_before = unsettled.in_doubt && settled.written + settled.undone.size() == 0 &&
                              parts_.clock.now() < settlement.lease_ends;
  return written_before ? 0
                        : settlement.outcomes.size() - settled.written - settled.refused.size() -
                              settled.untried.size() - settled.undone.size();
}

void Dispatcher::keep_unwritten(Unsettled& unsettled, const Settled& settled) {
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
  // Those have their turn first the next time.
  std::stable_partition(outcomes.begin(), outcomes.end(), [&](const Outcome& outcome) {
    return std::ranges::find(settled.untried, outcome.id) != settled.untried.end();
  });
  const auto gone = std::erase_if(outcomes, [&](const Outcome& outcome) { return !ids.contains(outcome.id); });
  let_go_of(unsettled, gone);
  // Before its lease ends, as it may be claimed at once then.
  if (!std::exchange(in_parts, true)) remember_unsettled(unsettled.settlement);
}

void Dispatcher::let_go_of(const Unsettled& unsettled, std::size_t rows) {
  if (unsettled.postponed) {
    in_flight_.postponed_finished(rows);
    report_held_up();
    return;
  }
  in_flight_.finished(rows);
}

void Dispatcher::account_settled(const Settlement& settlement, std::size_t leases_lost) {
  // Whoever took the lease may have sent the row as well; which of the batch's rows it was, the store doesn't tell.
  const auto sent = static_cast<std::size_t>(std::ranges::count_if(settlement.outcomes, is_published));
  for (auto i = std::min(leases_lost, sent); i > 0; --i) observer_.possible_duplicate();
}

void Dispatcher::give_up_settling(Unsettled& unsettled) {
  auto& outcomes = unsettled.settlement.outcomes;
  if (!settlements_refused_.since) trouble_.settle.clear();
  remember_unsettled(unsettled.settlement);
  observer_.unsettled(outcomes.size());
  for (auto i = std::ranges::count_if(outcomes, is_published); i > 0; --i) observer_.possible_duplicate();
  let_go_of(unsettled, outcomes.size());
  outcomes.clear();
}

}  // namespace outboxd::dispatch
