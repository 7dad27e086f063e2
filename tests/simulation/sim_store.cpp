// SPDX-License-Identifier: Apache-2.0
#include "simulation/sim_store.hpp"

#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <set>

namespace outboxd::simulation {
namespace {

using dispatch::Awaitable;
using dispatch::StoreError;
using dispatch::StoreResult;

constexpr Milliseconds kStatementTimeout{30'000};

}  // namespace

bool SimStore::is_away() const {
  return world_.now() < std::max(world_.store_back_at, life_.store_back_at);
}

Awaitable<void> SimStore::wait(dispatch::AutoResetEvent& event, Milliseconds time) {
  co_await world_.clock.wait(event, world_.now() + time);
  life_.go_on();
}

Awaitable<SimStore::Failure> SimStore::go(dispatch::AutoResetEvent& event) {
  life_.go_on();
  auto& chance = world_.chance;
  if (!is_away() && chance.happens(world_.weather.store_goes)) {
    const bool for_all = chance.happens(0.5);
    auto& back_at = for_all ? world_.store_back_at : life_.store_back_at;
    back_at = world_.now() + chance.between(1ms, chance.happens(0.5) ? Milliseconds{5s} : Milliseconds{3min});
    world_.count(for_all ? Event::store_outage : Event::store_partition);
  }
  if (world_.now() >= world_.table_refuses.until && chance.happens(world_.weather.table_refuses)) {
    world_.table_refuses = {
        {world_.now() + chance.between(100ms, chance.happens(0.5) ? Milliseconds{5s} : 2min), "25006"}, {}};
    world_.count(Event::table_refuses);
    world_.trace(life_.worker(), "the table refuses all");
  }
  co_await wait(event, chance.between(0ms, kSlowestAnswer));
  if (is_away()) {
    // The connection is refused, or not answered.
    const auto given_up_after = chance.happens(0.3) ? chance.between(0ms, 5s) : 0ms;
    life_.meets_trouble(given_up_after);
    co_await wait(event, given_up_after);
    world_.trace(life_.worker(), "the store is away");
    co_return StoreError{"the store is away", true};
  }
  if (chance.happens(world_.weather.stall)) {
    world_.count(Event::statement_timed_out);
    life_.meets_trouble(kStatementTimeout);
    co_await wait(event, kStatementTimeout);
    co_return StoreError{"the statement timed out", false};
  }
  if (chance.happens(world_.weather.statement_fails)) {
    world_.count(Event::statement_failed);
    life_.meets_trouble();
    co_return StoreError{"the statement failed", chance.happens(0.5)};
  }
  co_return std::nullopt;
}

Awaitable<SimStore::Failure> SimStore::come_back(dispatch::AutoResetEvent& event) {
  auto& chance = world_.chance;
  const bool late = chance.happens(world_.weather.stall);
  if (late) world_.count(Event::answer_late);
  const auto time = late ? chance.between(1s, kStatementTimeout) : chance.between(0ms, kSlowestAnswer);
  if (late) life_.meets_trouble(time);
  co_await wait(event, time);
  if (!chance.happens(world_.weather.answer_lost)) co_return std::nullopt;
  life_.meets_trouble();
  world_.trace(life_.worker(), "an answer was lost");
  co_return StoreError{"the answer was lost", true};
}

Awaitable<StoreResult<dispatch::ClaimedRows>> SimStore::claim(dispatch::ClaimRequest request) {
  const Call call{world_, life_};
  ledger_.asks_for_rows(request);
  const auto asked_at = world_.now();
  const auto failure = co_await go(claim_alarm_);
  if (failure) co_return *failure;
  Milliseconds took{0};
  auto answer = take_rows(request, took);
  if (took > 0ms) co_await wait(claim_alarm_, took);
  if (!answer) co_return answer;
  auto& claimed = *answer;
  claimed.lease_ends = asked_at + lease_;
  const auto lost = co_await come_back(claim_alarm_);
  if (lost) {
    world_.count(Event::claim_answer_lost);
    co_return *lost;
  }
  for (const auto& row : claimed.refused) {
    learns_of(row, world_.facts.at(row.id).claim_refused_to);
  }
  ledger_.gets_rows(claimed, asked_at);
  const auto kills = [this](const Row& row) {
    return row.attempt <= world_.setting.retry.max_attempts &&
           world_.facts.at(row.id).poison == Poison::kills_when_claimed;
  };
  if (std::ranges::any_of(claimed.rows, kills)) life_.crash(Event::crash_by_row);
  co_return answer;
}

void SimStore::learns_of(const dispatch::RefusedRow& row, std::set<std::string>& refused_to) const {
  const auto& facts = world_.facts.at(row.id);
  const auto& worker = life_.worker();
  const bool is_first = !facts.claim_refused_to.contains(worker) && !facts.settlement_refused_to.contains(worker);
  refused_to.insert(worker);
  auto& outage = world_.table_refuses;
  if (is_first && row.cause == outage.cause) outage.first_refusals.emplace(worker, row.id);
}

StoreResult<dispatch::ClaimedRows> SimStore::take_rows(const dispatch::ClaimRequest& request, Milliseconds& took) {
  const auto& only = request.only;
  const auto passed_over = [&](const SimRow& row) {
    if (std::ranges::find(request.without, row.row.id) != request.without.end()) return true;
    const bool wanted = only.empty() ? !row.is_poison_candidate(world_.setting.retry.max_attempts)
                                     : std::ranges::find(only, row.row.id) != only.end();
    const bool left_out = std::ranges::binary_search(request.except_streams, row.row.stream);
    if (!wanted || left_out) return true;
    const bool is_locked = world_.weather.row_locked > 0 && world_.chance.happens(world_.weather.row_locked);
    if (!is_locked) return false;
    world_.count(Event::row_locked);
    world_.facts.at(row.row.id).passed_over_at = world_.now();
    return true;
  };
  if (!only.empty()) world_.count(Event::poison_candidate_claimed_alone);
  auto claimed = statements_.claim(request, passed_over, took);
  world_.report_lost_leases();
  if (!claimed) return claimed;
  claimed->any_due = !claimed->rows.empty() || std::ranges::any_of(world_.table.pending(), [this](const SimRow* row) {
    return row->available_at <= world_.now();
  });
  claimed->claimed_at = print_time(world_.now());
  return claimed;
}

Awaitable<StoreResult<dispatch::Settled>> SimStore::settle(const dispatch::Settlement& settlement) {
  const Call call{world_, life_};
  dispatch::AutoResetEvent event{co_await boost::asio::this_coro::executor};
  // Refused outcomes are settled again beside new ones, and there is one session for both.
  while (settles_) co_await wait(event, kSlowestAnswer);
  settles_ = true;
  auto settled = co_await settle(settlement, event);
  settles_ = false;
  co_return settled;
}

Awaitable<StoreResult<dispatch::Settled>> SimStore::settle(const dispatch::Settlement& settlement,
                                                           dispatch::AutoResetEvent& event) {
  ledger_.brings_outcomes(settlement);
  const auto failure = co_await go(event);
  if (failure) {
    ledger_.settling_fails(settlement, failure->unreachable, false);
    co_return *failure;
  }
  if (world_.chance.happens(world_.weather.settlement_refused)) {
    world_.count(Event::settlement_refused);
    life_.meets_trouble();
    ledger_.settling_fails(settlement, false, false);
    co_return StoreError{"deadlock detected", false};
  }
  Milliseconds took{0};
  auto settled = write(settlement, took);
  if (took > 0ms) co_await wait(event, took);
  if (!settled) {
    ledger_.settling_fails(settlement, false, false);
    co_return settled;
  }
  const auto lost = co_await come_back(event);
  if (lost) {
    world_.count(Event::settle_answer_lost);
    ledger_.settling_fails(settlement, lost->unreachable, true);
    co_return *lost;
  }
  for (const auto& row : settled->refused) {
    learns_of(row, world_.facts.at(row.id).settlement_refused_to);
  }
  ledger_.is_settled(settlement, *settled);
  co_return settled;
}

StoreResult<dispatch::Settled> SimStore::write(const dispatch::Settlement& settlement, Milliseconds& took) {
  const auto refused = [&](const SimRow& row, const Outcome& outcome) {
    const bool never = world_.facts.at(row.row.id).poison == Poison::cannot_be_marked;
    const bool refuses =
        (never && outcome.verdict == Verdict::published) || world_.chance.happens(world_.weather.outcome_refused);
    if (!refuses) return false;
    world_.count(Event::outcome_refused);
    ledger_.outcome_is_refused(settlement);
    life_.meets_trouble();
    return true;
  };
  return statements_.settle(settlement, refused, took);
}

Awaitable<SimStore::Failure> SimStore::go_watching(TimePoint asked_at) {
  life_.watch_asked_at = asked_at;
  auto failure = co_await go(watch_alarm_);
  if (failure) loses_the_watch();
  co_return failure;
}

Awaitable<SimStore::Failure> SimStore::come_back_watching(TimePoint asked_at) {
  auto lost = co_await come_back(watch_alarm_);
  life_.watch_asked_at.reset();
  if (lost) loses_the_watch();
  if (world_.now() > asked_at + 2 * kSlowestAnswer) life_.misses_a_watch(world_.now());
  co_return lost;
}

void SimStore::loses_the_watch() {
  life_.watch_asked_at.reset();
  reconnected_at_ = world_.now();
  life_.misses_a_watch(world_.now() + MissingWorkers::kReconnectGrace);
}

Awaitable<StoreResult<dispatch::LeaseScan>> SimStore::scan(std::vector<std::string> /*known*/, std::string due_by) {
  const Call call{world_, life_};
  const auto asked_at = world_.now();
  const auto failure = co_await go_watching(asked_at);
  if (failure) co_return *failure;
  dispatch::LeaseScan scan;
  scan.workers = {world_.now(), reconnected_at_, missing_workers()};
  scan.poison_candidates =
      world_.table.poison_candidates(std::min(world_.now(), read_time(due_by)), world_.setting.retry.max_attempts);
  const auto lost = co_await come_back_watching(asked_at);
  if (lost) co_return *lost;
  co_return scan;
}

std::vector<std::string> SimStore::missing_workers() {
  std::set<std::string> missing;
  for (const auto* row : world_.table.pending()) {
    if (row->is_free(world_.now()) || row->locked_by == life_.worker()) continue;
    const auto holder = world_.lives.find(row->locked_by);
    if (holder == world_.lives.end() || missing.contains(row->locked_by) || holder->second->lock_is_seen()) continue;
    world_.trace(life_.worker(), "misses " + row->locked_by);
    missing.insert(row->locked_by);
  }
  return {missing.begin(), missing.end()};
}

Awaitable<StoreResult<bool>> SimStore::end_leases_of(std::vector<std::string> workers) {
  const Call call{world_, life_};
  const auto asked_at = world_.now();
  const auto failure = co_await go_watching(asked_at);
  if (failure) co_return *failure;
  for (const auto& worker : workers) {
    if (!world_.lives.at(worker)->gone_at()) world_.fault(worker + " lives, and its leases are ended");
    world_.count(Event::dead_worker_freed);
    world_.trace(life_.worker(), "ends the leases of " + worker);
    world_.table.free_leases_of(worker, world_.now());
  }
  world_.report_lost_leases();
  const auto lost = co_await come_back_watching(asked_at);
  if (lost) co_return *lost;
  co_return true;
}

Awaitable<StoreResult<std::vector<std::string>>> SimStore::poison_candidates(std::string due_by) {
  const Call call{world_, life_};
  // Several loops may ask at the same time.
  dispatch::AutoResetEvent event{co_await boost::asio::this_coro::executor};
  const auto asked_at = world_.now();
  // It shares a session with the scans for dead workers, which have to wait for it.
  const bool first = !life_.watch_asked_at;
  if (first) life_.watch_asked_at = asked_at;
  const auto failure = co_await go(event);
  if (first) life_.watch_asked_at.reset();
  if (world_.now() > asked_at + kSlowestAnswer) life_.misses_a_watch(world_.now());
  if (failure) co_return *failure;
  co_return world_.table.poison_candidates(std::min(world_.now(), read_time(due_by)),
                                           world_.setting.retry.max_attempts);
}

Awaitable<StoreResult<dispatch::BacklogSample>> SimStore::sample(std::string due_by) {
  const Call call{world_, life_};
  const auto failure = co_await go(sample_alarm_);
  if (failure) co_return *failure;
  dispatch::BacklogSample sample;
  sample.cap = 100'000;
  sample.pending = world_.table.pending().size();
  sample.dead = world_.table.rows().size() - sample.pending;
  const auto until = std::min(world_.now(), read_time(due_by));
  sample.due = static_cast<std::uint64_t>(std::ranges::count_if(world_.table.pending(), [&](const SimRow* row) {
    return row->available_at <= until && row->is_free(world_.now());
  }));
  co_return sample;
}

Awaitable<dispatch::WakeUps> SimStore::arm_wake_ups() {
  const Call call{world_, life_};
  if (!world_.setting.wake_ups) co_return dispatch::WakeUps::none;
  const auto failure = co_await go(claim_alarm_);
  if (failure) co_return dispatch::WakeUps::not_now;
  auto& holder = world_.told_of_commits;
  const bool is_free = holder.empty() || holder == life_.worker() || world_.lives.at(holder)->gone_at();
  // Otherwise another session is writing, and will commit without notifying.
  if (!is_free || world_.chance.happens(0.3)) co_return dispatch::WakeUps::not_now;
  holder = life_.worker();
  world_.count(Event::asked_to_be_woken);
  const auto lost = co_await come_back(claim_alarm_);
  co_return lost ? dispatch::WakeUps::not_now : dispatch::WakeUps::armed;
}

Awaitable<void> SimStore::disarm_wake_ups() {
  const Call call{world_, life_};
  const auto failure = co_await go(claim_alarm_);
  if (!failure && world_.told_of_commits == life_.worker()) world_.told_of_commits.clear();
}

Awaitable<void> SimStore::notify_on_commit(std::function<void()> notify) {
  life_.must_live();
  // Now and then a spurious wake-up.
  if (world_.chance.happens(world_.weather.answer_lost)) {
    notify();
  } else {
    world_.wait_for_commits[life_.worker()] = std::move(notify);
  }
  co_return;
}

void SimStore::stop_notifying() {
  world_.wait_for_commits.erase(life_.worker());
}

}  // namespace outboxd::simulation
