// SPDX-License-Identifier: Apache-2.0
#include "dispatch/claims.hpp"

#include <algorithm>
#include <utility>

namespace outboxd::dispatch {
namespace {

RefusedClaims::Scope scope_of(const ClaimRequest& request) {
  if (!request.only.empty()) return RefusedClaims::Scope::named_rows;
  return request.except_streams.empty() ? RefusedClaims::Scope::all : RefusedClaims::Scope::free_streams;
}

}  // namespace

Awaitable<std::optional<ClaimedRows>> Claims::claim(ClaimRequest request) {
  auto& [refused, held, idle, gate, reaper, size] = learners_;
  auto& trouble = shared_.health.trouble();
  const auto started = shared_.clock.now();
  const auto limit = request.limit;
  const auto scope = scope_of(request);
  auto result = co_await source_.claim(std::move(request));
  if (result && result->reconnected) idle.connection_was_lost();
  if (result ? result->reconnected : result.error().unreachable) {
    trouble.away_at = shared_.clock.now();
    held.sent().store_was_away(*trouble.away_at);
  }
  if (result) shared_.run.claimed_at(result->claimed_at);
  trouble.unfit = !result && result.error().unfit;
  if (result && !refused.judge(*result, scope, limit)) {
    shared_.observer.server_failed(Server::postgres, Obstacle::refused);
    account(*result, started);
    co_await stay_back();
    co_return std::nullopt;
  }
  if (!result) {
    trouble.claim = result.error().text;
    trouble.claims_refused = !result.error().unreachable;
    shared_.observer.server_failed(Server::postgres, result.error().obstacle());
  } else {
    shared_.observer.server_answered(Server::postgres, result->reconnected);
  }
  shared_.health.report();
  if (!result) {
    gate.breaker().claim_failed(limit);
    if (result.error().unreachable) idle.connection_was_lost();
    co_await stay_back();
    co_return std::nullopt;
  }
  if (!refused.all_are_refused()) backoff_.reset();
  auto claimed = std::move(*result);
  claimed.room = {
      .asked = started, .arrived = shared_.clock.now(), .ends = claimed.lease_ends, .rows = claimed.rows.size()};
  idle.claimed(claimed.rows.size(), shared_.clock.now() - started);
  if (!claimed.any_due) reaper.nothing_was_due(started);
  account(claimed, started);
  shared_.in_flight.claimed(claimed.rows.size());
  size.rate.took(claimed.rows.size());
  co_return claimed;
}

Awaitable<void> Claims::stay_back() {
  co_await learners_.idle.disarm();
  if (shared_.run.waits_for_outages()) {
    co_await back_off();
  } else {
    shared_.run.give_up(shared_.health.trouble().claim);
  }
}

Awaitable<void> Claims::back_off() {
  const auto until = shared_.clock.now() + backoff_.next(shared_.random());
  co_await shared_.clock.wait(event_, shared_.run.within_once(until));
}

void Claims::account(const ClaimedRows& claimed, TimePoint started) {
  // A row that can't be read counts as claimed, and is dead.
  const auto dead = static_cast<std::size_t>(std::ranges::count_if(claimed.refused, &RefusedRow::dead));
  const auto rows = claimed.rows.size() + dead;
  auto& observer = shared_.observer;
  observer.claimed(rows, shared_.clock.now() - started);
  if (claimed.refused.empty()) return;
  observer.refused_by_store(claimed.refused);
  for (const auto& row : claimed.refused) {
    if (!row.dead) continue;
    observer.failed("", Fault::bad_row, row.reason);
    observer.died(row.id, "", Fault::bad_row, row.reason);
  }
}

}  // namespace outboxd::dispatch
