// SPDX-License-Identifier: Apache-2.0
#include "simulation/foreign_dispatcher.hpp"

namespace outboxd::simulation {
namespace {

constexpr std::uint32_t kBatch = 10;
constexpr Milliseconds kLease{30'000};
constexpr Milliseconds kPoll{1'000};

}  // namespace

dispatch::Awaitable<void> ForeignDispatcher::wait(Milliseconds time) {
  co_await world_.clock.wait(event_, world_.now() + time);
}

dispatch::Awaitable<void> ForeignDispatcher::run() {
  while (!stopped_) {
    const bool lives = co_await take_turn();
    // When it dies, its rows wait for the end of their lease, as no lock shows whether another program lives.
    co_await wait(lives ? kPoll : world_.chance.between(1s, 30s));
  }
}

dispatch::Awaitable<bool> ForeignDispatcher::take_turn() {
  if (world_.now() < world_.store_back_at) co_return true;
  const auto claimed = world_.table.claim(worker_, kBatch, world_.now(), kLease);
  world_.count(Event::foreign_claim, claimed.rows.size());
  world_.report_lost_leases();
  for (const auto& row : claimed.rows) {
    const bool stalls = world_.chance.happens(world_.weather.stall);
    co_await wait(world_.chance.between(0ms, stalls ? Milliseconds{40s} : Milliseconds{20ms}));
    if (dies_of(row)) co_return false;
    const auto failure = write(row);
    co_await wait(world_.chance.between(0ms, 20ms));
    settle(row, claimed.lease, failure);
  }
  co_return true;
}

bool ForeignDispatcher::dies_of(const Row& row) {
  const auto poison = world_.facts.at(row.id).poison;
  const bool kills = poison == Poison::kills_when_claimed || poison == Poison::kills_when_sent;
  return kills || world_.chance.happens(world_.weather.crash);
}

std::string ForeignDispatcher::write(const Row& row) {
  auto& facts = world_.facts.at(row.id);
  const bool cannot = facts.poison == Poison::payload_no_object || facts.poison == Poison::payload_oversize ||
                      facts.poison == Poison::stream_empty || facts.poison == Poison::drops_connection;
  if (cannot) return "can't be sent";
  switch (world_.redis.state(worker_)) {
    case SimRedis::State::away:
      return "Redis is unreachable";
    case SimRedis::State::hangs:
      ++facts.unanswered;
      if (world_.chance.happens(0.3)) world_.redis.xadd_later(row.id, row.stream);
      return "no answer in time";
    default:
      return world_.redis.xadd(row.id, row.stream, worker_).text == "1-1" ? std::string{} : "refused";
  }
}

void ForeignDispatcher::settle(const Row& row, const std::string& lease, const std::string& failure) {
  if (world_.now() < world_.store_back_at) return;
  const auto& policy = world_.setting.retry;
  Outcome outcome{row.id, Verdict::published, {}, failure};
  if (!failure.empty()) {
    outcome.verdict = row.attempt >= policy.max_attempts ? Verdict::dead : Verdict::retry;
    outcome.delay = policy.delay_after(row.attempt, world_.chance.fraction());
  }
  const auto never = [this](const SimRow& held, const Outcome& wanted) {
    return world_.facts.at(held.row.id).poison == Poison::cannot_be_marked && wanted.verdict == Verdict::published;
  };
  if (world_.settle(worker_, {{outcome}, lease, {}}, never).empty()) {
    world_.count(Event::foreign_outcome_too_late);
    return;
  }
  if (!failure.empty()) ++world_.facts.at(row.id).foreign_failures;
  if (outcome.verdict == Verdict::dead) world_.count(Event::foreign_death);
}

}  // namespace outboxd::simulation
