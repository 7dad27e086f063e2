// SPDX-License-Identifier: Apache-2.0
#include "simulation/sim_ports.hpp"

namespace outboxd::simulation {

using dispatch::Awaitable;
using dispatch::StoreError;
using dispatch::StoreResult;

void SimStore::crash() {
  crashed_ = true;
  throw Crashed{};
}

void SimStore::maybe_crash() {
  // A process that has ended has no more effects, whatever of it is still being unwound.
  if (crashed_) throw Crashed{};
  if (world_.happens(world_.weather.crash)) crash();
}

Awaitable<void> SimStore::take_time(dispatch::Alarm& alarm) {
  const auto time = world_.happens(world_.weather.stall) ? world_.between(1'000, 40'000) : world_.between(0, 20);
  co_await world_.clock.wait(alarm, world_.clock.now() + time);
  maybe_crash();
}

Awaitable<StoreResult<dispatch::ClaimedRows>> SimStore::claim(dispatch::ClaimRequest request) {
  maybe_crash();
  const auto lease_ends = world_.clock.now() + lease_;
  co_await take_time(claim_alarm_);
  if (world_.happens(world_.weather.store_fails)) co_return StoreError{"the store is away"};
  auto claimed = world_.table.claim(worker_, request.limit, world_.clock.now(), lease_, request.only);
  claimed.lease_ends = lease_ends;
  co_await take_time(claim_alarm_);
  if (world_.happens(world_.weather.answer_lost)) co_return StoreError{"the answer to the claim was lost"};
  co_return claimed;
}

Awaitable<StoreResult<dispatch::Settled>> SimStore::settle(const dispatch::Settlement& settlement) {
  maybe_crash();
  co_await take_time(settle_alarm_);
  if (world_.happens(world_.weather.store_fails)) co_return StoreError{"the store is away"};
  dispatch::Settled settled{world_.table.settle(worker_, settlement, world_.clock.now()), {}};
  co_await take_time(settle_alarm_);
  if (world_.happens(world_.weather.answer_lost)) co_return StoreError{"the answer to the settlement was lost"};
  co_return settled;
}

Awaitable<StoreResult<std::vector<std::string>>> SimStore::free_rows_of_the_dead(int /*sightings*/) {
  co_return std::vector<std::string>{};
}

Awaitable<StoreResult<std::vector<std::string>>> SimStore::suspects(std::string /*due_by*/) {
  if (world_.happens(world_.weather.store_fails)) co_return StoreError{"the store is away"};
  co_return world_.table.suspects(world_.clock.now());
}

Awaitable<StoreResult<dispatch::BacklogSample>> SimStore::sample(std::string /*due_by*/) {
  co_return dispatch::BacklogSample{};
}

void SimPublisher::change_weather() {
  if (!redis_is_up() || !world_.happens(world_.weather.redis_goes)) return;
  world_.redis_back_at = world_.clock.now() + world_.between(1, 120'000);
  world_.redis_refuses = world_.happens(0.5);
}

Reply SimPublisher::write(const entry::Entry& entry) {
  const auto& id = entry.fields.front().value;
  if (!redis_is_up() && world_.redis_refuses) return {Fault::redis_refuses, "OOM"};
  if (world_.happens(world_.weather.entry_refused)) {
    ++world_.refused[id];
    return {Fault::entry_refused, "WRONGTYPE"};
  }
  ++world_.entries[id];
  return {Fault::none, "1-1"};
}

Awaitable<std::vector<Reply>> SimPublisher::publish(std::span<const entry::Entry> entries,
                                                    dispatch::TimePoint /*not_after*/) {
  process_.maybe_crash();
  change_weather();
  co_await world_.clock.wait(alarm_, world_.clock.now() + world_.between(0, 20));
  process_.maybe_crash();
  if (!redis_is_up() && !world_.redis_refuses) {
    co_return std::vector<Reply>(entries.size(), Reply{Fault::redis_away, "connection refused"});
  }
  const bool cut = world_.happens(world_.weather.cut_in_the_middle);
  const auto carried_out = cut ? static_cast<std::size_t>(world_.random() % (entries.size() + 1)) : entries.size();
  const auto answered = cut && carried_out > 0 ? world_.random() % carried_out : carried_out;
  std::vector<Reply> replies;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    auto reply = i < carried_out ? write(entries[i]) : Reply{};
    if (i >= answered) {
      reply = {Fault::unanswered, "connection lost"};
      ++world_.unanswered[entries[i].fields.front().value];
    }
    replies.push_back(std::move(reply));
  }
  co_await world_.clock.wait(alarm_, world_.clock.now() + world_.between(0, 20));
  process_.maybe_crash();
  co_return replies;
}

Awaitable<Reply> SimPublisher::probe(std::string /*stream*/) {
  process_.maybe_crash();
  co_await world_.clock.wait(alarm_, world_.clock.now() + world_.between(0, 20));
  process_.maybe_crash();
  if (redis_is_up()) co_return Reply{Fault::none, {}};
  co_return world_.redis_refuses ? Reply{Fault::redis_refuses, "OOM"} : Reply{Fault::redis_away, "refused"};
}

}  // namespace outboxd::simulation
