// SPDX-License-Identifier: Apache-2.0
// The third loop: writes outcomes, and keeps them over an outage of the store for as long as the lease lives.
#include "dispatch/dispatcher.hpp"

#include <algorithm>
#include <utility>

namespace outboxd::dispatch {
namespace {

auto is_published = [](const Outcome& outcome) { return outcome.verdict == Verdict::published; };

}  // namespace

Awaitable<void> Dispatcher::settle_loop() {
  while (auto settlement = co_await to_settle_.pop()) {
    const auto rows = settlement->outcomes.size();
    co_await settle(std::move(*settlement));
    rows_in_hand_ -= rows;
    if (options_.once && rows_in_hand_ == 0) claim_alarm_.ring();
  }
  ended_ = true;
  sample_alarm_.ring();
  watch_alarm_.ring();
}

Awaitable<void> Dispatcher::settle(Settlement settlement) {
  for (bool first_try = true;; first_try = false) {
    const auto started = parts_.clock.now();
    const auto written = co_await parts_.store.settle(settlement);
    trouble_.settle = written ? std::string{} : written.error().text;
    if (health_ != Health::starting) report_health();
    if (written) {
      settle_backoff_.reset();
      // An earlier try may have been carried out although its answer was lost; then the guard refuses our own rows.
      const auto lost = first_try ? settlement.outcomes.size() - *written : 0;
      parts_.observer.settled(*written, lost, parts_.clock.now() - started);
      account_settled(settlement, lost);
      co_return;
    }
    const auto now = parts_.clock.now();
    // While the store is away nobody else can have claimed the rows, so that the outcomes are worth keeping even
    // beyond the lease: the guard decides.
    const bool lease_is_over = now >= settlement.lease_ends && !written.error().unreachable;
    if (lease_is_over || past_deadline()) {
      account_unsettled(settlement);
      trouble_.settle.clear();
      co_return;
    }
    auto until = now + settle_backoff_.next(parts_.random());
    if (const auto last = deadline()) until = std::min(until, *last);
    co_await parts_.clock.wait(settle_alarm_, until);
  }
}

void Dispatcher::account_settled(const Settlement& settlement, std::size_t leases_lost) {
  tally_.leases_lost += leases_lost;
  // Whoever took the lease may have sent the row as well; which of the batch's rows it was, the store doesn't tell.
  const auto sent = static_cast<std::size_t>(std::ranges::count_if(settlement.outcomes, is_published));
  for (auto i = std::min(leases_lost, sent); i > 0; --i) {
    ++tally_.possible_duplicates;
    parts_.observer.possible_duplicate();
  }
}

void Dispatcher::account_unsettled(const Settlement& settlement) {
  tally_.unsettled += settlement.outcomes.size();
  for (auto i = std::ranges::count_if(settlement.outcomes, is_published); i > 0; --i) {
    ++tally_.possible_duplicates;
    parts_.observer.possible_duplicate();
  }
}

}  // namespace outboxd::dispatch
