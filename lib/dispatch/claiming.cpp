// SPDX-License-Identifier: Apache-2.0
// The first loop: when to claim, and when to stay back.
#include "dispatch/dispatcher.hpp"

#include <algorithm>
#include <utility>

namespace outboxd::dispatch {
namespace {

constexpr std::chrono::milliseconds kSlow{20};
constexpr int kRestToSlowClaim = 3;

}  // namespace

Awaitable<void> Dispatcher::claim_loop() {
  while (!run_.claiming_is_over()) {
    if (breaker_.is_open()) {
      co_await idle_.disarm();
      co_await probe();
      continue;
    }
    co_await ask_for_probes_of_streams();
    if (run_.claiming_is_over() || breaker_.is_open()) continue;
    if (!candidates_.empty()) {
      co_await claim_a_candidate();
      continue;
    }
    if (auto ids = to_retry(); !ids.empty()) {
      co_await retry_refused(std::move(ids));
      continue;
    }
    if (!co_await outcomes_are_written()) continue;
    const auto wanted = breaker_.rows_allowed(batch_.now());
    const auto limit = rate_.allowed(wanted, parts_.clock.now());
    if (limit == 0) {
      co_await idle_.disarm();
      co_await pause(std::chrono::ceil<std::chrono::microseconds>(rate_.available_at(wanted) - parts_.clock.now()));
      continue;
    }
    const bool empty_handed = in_flight_.is_empty();
    const auto started = parts_.clock.now();
    ClaimRequest request{limit, run_.due_by(), {}, held_.ids(parts_.clock.now()), blocked_.left_out()};
    auto claimed = co_await claim(std::move(request));
    if (!claimed) continue;
    const auto rows = claimed->rows.size() + claimed->refused.size();
    const bool more = claimed->more || rows >= limit;
    more ? batch_.was_full() : batch_.was_not_full();
    if (claimed->room.suffices()) batch_.lease_sufficed(static_cast<std::uint32_t>(rows));
    // With a batch on its way already, the next may have to wait for it.
    if (!claimed->rows.empty() && !empty_handed) co_await idle_.disarm();
    if (!claimed->rows.empty()) {
      Work work{std::move(*claimed), false, {}};
      co_await to_publish_.push(std::move(work));
    }
    // A full claim means that there is more: on with it. Anything less waits.
    if (more) co_await idle_.disarm();
    // What is left out has to be passed over each time, be it a million rows; and a search among refused rows is to
    // leave the server time for others.
    const auto took = parts_.clock.now() - started;
    if (rows == 0 && (!blocked_.empty() || refused_claims_.all_are_refused()) && took > kSlow) {
      co_await pause(std::chrono::ceil<std::chrono::microseconds>(kRestToSlowClaim * took));
      if (run_.claiming_is_over()) continue;
    }
    if (options_.once && rows == 0 && !more) {
      // What is in flight may yet be given back unsent, and is to be claimed again then.
      co_await drain();
      while (in_flight_.rows_postponed() > 0 && !run_.claiming_is_over()) co_await pause(options_.poll_interval);
      const bool looked = co_await candidates_.look();
      if (looked && empty_handed && candidates_.empty() && !co_await waits_for_streams()) break;
      if (!looked) co_await pause(claim_backoff_.next(parts_.random()));
    } else if (!options_.once && !more && candidates_.empty()) {
      co_await wait_for_rows(rows);
    }
  }
  co_await to_publish_.push_end();
}

Awaitable<std::optional<ClaimedRows>> Dispatcher::claim(ClaimRequest request) {
  const auto started = parts_.clock.now();
  const auto limit = request.limit;
  const auto scope = !request.only.empty()             ? RefusedClaims::Scope::named_rows
                     : !request.except_streams.empty() ? RefusedClaims::Scope::free_streams
                                                       : RefusedClaims::Scope::all;
  auto result = co_await parts_.source.claim(std::move(request));
  if (result && result->reconnected) idle_.connection_was_lost();
  if (result ? result->reconnected : result.error().unreachable) {
    trouble_.away_at = parts_.clock.now();
    held_.sent().store_was_away(*trouble_.away_at);
  }
  trouble_.unfit = !result && result.error().unfit;
  if (result && !refused_claims_.judge(*result, scope, limit)) {
    account_claimed(*result, started);
    co_await stay_back_from_claims();
    co_return std::nullopt;
  }
  if (!result) {
    trouble_.claim = result.error().text;
    trouble_.claims_refused = !result.error().unreachable;
  }
  health_.report();
  if (!result) {
    breaker_.claim_failed(limit);
    if (result.error().unreachable) idle_.connection_was_lost();
    co_await stay_back_from_claims();
    co_return std::nullopt;
  }
  if (!refused_claims_.all_are_refused()) claim_backoff_.reset();
  auto claimed = std::move(*result);
  claimed.room = {
      .asked = started, .arrived = parts_.clock.now(), .ends = claimed.lease_ends, .rows = claimed.rows.size()};
  idle_.claimed(claimed.rows.size(), parts_.clock.now() - started);
  if (!claimed.any_due) reaper_.nothing_was_due(started);
  run_.claimed_at(claimed.claimed_at);
  account_claimed(claimed, started);
  in_flight_.claimed(claimed.rows.size());
  rate_.took(claimed.rows.size());
  co_return claimed;
}

Awaitable<void> Dispatcher::stay_back_from_claims() {
  co_await idle_.disarm();
  if (run_.waits_for_outages()) {
    co_await pause(claim_backoff_.next(parts_.random()));
  } else {
    run_.give_up(trouble_.claim);
  }
}

Awaitable<void> Dispatcher::claim_a_candidate() {
  co_await drain();
  if (run_.claiming_is_over() || breaker_.is_open()) co_return;
  ClaimRequest request{1, run_.due_by(), {candidates_.take()}, {}};
  auto claimed = co_await claim(std::move(request));
  if (!claimed) co_return;
  if (!claimed->rows.empty()) {
    Work work{std::move(*claimed), false, {}};
    co_await to_publish_.push(std::move(work));
  }
  co_await drain();
}

Awaitable<void> Dispatcher::drain() {
  if (in_flight_.rows() > 0) co_await idle_.disarm();
  co_await in_flight_.drained();
}

// The wait between claims: whether there is something else to do shows again once the store has been asked.
Awaitable<void> Dispatcher::wait_for_rows(std::size_t found) {
  const auto began = parts_.clock.now();
  const bool is_armed_now = co_await idle_.arm(found);
  if (is_armed_now || breaker_.is_open() || !candidates_.empty()) co_return;
  co_await idle_.wait(found, began, blocked_.next_at());
}

void Dispatcher::account_claimed(const ClaimedRows& claimed, TimePoint started) {
  // A row that can't be read was claimed, and is dead.
  const auto dead = static_cast<std::size_t>(std::ranges::count_if(claimed.refused, &RefusedRow::dead));
  const auto rows = claimed.rows.size() + dead;
  observer_.claimed(rows, parts_.clock.now() - started);
  if (claimed.refused.empty()) return;
  observer_.refused_by_store(claimed.refused);
  for (const auto& row : claimed.refused) {
    if (!row.dead) continue;
    observer_.failed("", Fault::bad_row, row.reason);
    observer_.died(row.id, "", Fault::bad_row, row.reason);
  }
}

Awaitable<void> Dispatcher::pause(std::chrono::microseconds how_long) {
  co_await parts_.clock.wait(claim_alarm_, run_.within_once(parts_.clock.now() + how_long));
}

}  // namespace outboxd::dispatch
