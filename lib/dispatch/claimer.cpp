// SPDX-License-Identifier: Apache-2.0
#include "dispatch/claimer.hpp"

#include "outbox/claim_step.hpp"

#include <string>
#include <utility>
#include <vector>

namespace outboxd::dispatch {
namespace {

constexpr std::chrono::milliseconds kSlow{20};
constexpr int kRestToSlowClaim = 3;

constexpr std::size_t kProbesAtOnce = 4;

// The largest number of rows that wait for their outcome to be written while it isn't known whether any can be.
constexpr std::size_t kMostPostponed = 1'000;

}  // namespace

Awaitable<void> Claimer::run() {
  bool is_complete = false;
  while (!is_complete && !shared_.run.claiming_is_over()) {
    if (!parts_.gate.is_shut()) co_await ask_for_probes_of_streams();
    if (shared_.run.claiming_is_over()) break;
    const auto rows_allowed = parts_.gate.breaker().rows_allowed(parts_.size.batch.now());
    auto retries = retries_.due(rows_allowed);
    const BeforeClaim facts{.redis_is_shut = parts_.gate.is_shut(),
                            .has_poison_candidates = !parts_.candidates.empty(),
                            .has_retries = !retries.empty(),
                            .outcomes_are_refused = parts_.refused_settlements.all_are_refused()};
    switch (next_step(facts)) {
      case ClaimStep::probe_redis:
        co_await probe_redis();
        break;
      case ClaimStep::claim_candidate:
        co_await claim_candidate();
        break;
      case ClaimStep::retry_quarantined:
        co_await retry_quarantined(std::move(retries));
        break;
      case ClaimStep::claim_after_pause:
        if (co_await pause_for_outcomes()) is_complete = co_await claim_rows();
        break;
      case ClaimStep::claim:
        is_complete = co_await claim_rows();
        break;
    }
  }
  co_await parts_.work.push_end();
}

Awaitable<void> Claimer::probe_redis() {
  co_await parts_.idle.disarm();
  const auto next = co_await parts_.gate.probe();
  if (next != RedisGate::Next::go_on) co_await breaker_probe_.run(next == RedisGate::Next::explore_all);
}

Awaitable<void> Claimer::ask_for_probes_of_streams() {
  auto& blocked = parts_.gate.blocked();
  if (blocked.empty()) co_return;
  const auto now = shared_.clock.now();
  parts_.gate.end_idle_trials();
  for (std::size_t i = 0; i < kProbesAtOnce; ++i) {
    const auto stream = blocked.next_probe(now);
    if (!stream) co_return;
    Work work{{}, false, *stream};
    co_await parts_.work.push(std::move(work));
  }
}

Awaitable<void> Claimer::claim_candidate() {
  co_await drain();
  if (shared_.run.claiming_is_over() || parts_.gate.is_shut()) co_return;
  ClaimRequest request{1, shared_.run.due_by(), {parts_.candidates.take()}, {}};
  auto claimed = co_await parts_.claims.claim(std::move(request));
  if (!claimed) co_return;
  co_await pass_on(std::move(*claimed));
  co_await drain();
}

Awaitable<void> Claimer::retry_quarantined(std::vector<std::string> ids) {
  auto claimed = co_await retries_.retry(std::move(ids));
  if (claimed) co_await pass_on(std::move(*claimed));
}

Awaitable<bool> Claimer::pause_for_outcomes() {
  // One more batch now and then may show what is at fault.
  co_await parts_.idle.disarm();
  co_await pause(parts_.refused_settlements.next_pause());
  // Redis may have become unreachable meanwhile.
  co_return shared_.in_flight.rows_postponed() < kMostPostponed && !shared_.run.claiming_is_over() &&
      !parts_.gate.is_shut();
}

Awaitable<bool> Claimer::claim_rows() {
  auto& [batch, rate] = parts_.size;
  const auto wanted = parts_.gate.breaker().rows_allowed(batch.now());
  const auto limit = rate.allowed(wanted, shared_.clock.now());
  if (limit == 0) {
    co_await parts_.idle.disarm();
    co_await pause(std::chrono::ceil<std::chrono::microseconds>(rate.available_at(wanted) - shared_.clock.now()));
    co_return false;
  }
  const bool was_empty = shared_.in_flight.is_empty();
  const auto started = shared_.clock.now();
  ClaimRequest request{limit, shared_.run.due_by(), {}, parts_.held.ids(started), parts_.gate.blocked().left_out()};
  auto claimed = co_await parts_.claims.claim(std::move(request));
  if (!claimed) co_return false;
  const auto rows = claimed->rows.size() + claimed->refused.size();
  const bool more = claimed->more || rows >= limit;
  more ? batch.was_full() : batch.was_not_full();
  if (claimed->room.suffices()) batch.lease_sufficed(static_cast<std::uint32_t>(rows));
  // With a batch on its way already, the next may have to wait for it.
  if (!claimed->rows.empty() && !was_empty) co_await parts_.idle.disarm();
  co_await pass_on(std::move(*claimed));
  if (more) co_await parts_.idle.disarm();
  // Rows that are left out have to be stepped over each time, even a million of them; and a search among refused rows
  // is to leave the server time for other work.
  const auto took = shared_.clock.now() - started;
  const bool has_searched = !parts_.gate.blocked().empty() || parts_.claims.all_are_refused();
  if (rows == 0 && has_searched && took > kSlow) {
    co_await pause(std::chrono::ceil<std::chrono::microseconds>(kRestToSlowClaim * took));
    if (shared_.run.claiming_is_over()) co_return false;
  }
  const AfterClaim facts{.once = shared_.run.is_once(),
                         .found_any = rows > 0,
                         .more = more,
                         .has_poison_candidates = !parts_.candidates.empty()};
  switch (step_after(facts)) {
    case AfterClaimStep::go_on:
      break;
    case AfterClaimStep::wait_for_rows:
      co_await wait_for_rows(rows);
      break;
    case AfterClaimStep::see_to_the_end:
      co_return co_await see_to_the_end(was_empty);
  }
  co_return false;
}

Awaitable<void> Claimer::pass_on(ClaimedRows claimed) {
  if (claimed.rows.empty()) co_return;
  Work work{std::move(claimed), false, {}};
  co_await parts_.work.push(std::move(work));
}

Awaitable<void> Claimer::wait_for_rows(std::size_t found) {
  const auto began = shared_.clock.now();
  const bool is_armed_now = co_await parts_.idle.arm(found);
  // While the store was asked, other work may have come up.
  if (is_armed_now || parts_.gate.is_shut() || !parts_.candidates.empty()) co_return;
  co_await parts_.idle.wait(found, began, parts_.gate.blocked().next_at());
}

Awaitable<bool> Claimer::see_to_the_end(bool was_empty) {
  // Rows in flight may yet be given back unsent, and are to be claimed again then.
  co_await drain();
  while (shared_.in_flight.rows_postponed() > 0 && !shared_.run.claiming_is_over()) {
    co_await pause(shared_.options.poll_interval);
  }
  const bool looked = co_await parts_.candidates.look();
  if (!looked) {
    co_await parts_.claims.back_off();
    co_return false;
  }
  if (!was_empty || !parts_.candidates.empty()) co_return false;
  const bool waited = co_await parts_.gate.wait_for_streams();
  co_return !waited;
}

Awaitable<void> Claimer::drain() {
  if (shared_.in_flight.rows() > 0) co_await parts_.idle.disarm();
  co_await shared_.in_flight.drained();
}

Awaitable<void> Claimer::pause(std::chrono::microseconds how_long) {
  co_await shared_.clock.wait(event_, shared_.run.within_once(shared_.clock.now() + how_long));
}

}  // namespace outboxd::dispatch
