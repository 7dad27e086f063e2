// SPDX-License-Identifier: Apache-2.0
#include "simulation/sim_redis.hpp"

#include "simulation/world.hpp"

#include <array>

namespace outboxd::simulation {
namespace {

// As servers word it (7.0 to 8.0).
constexpr std::array kRefusals{
    "OOM command not allowed when used memory > 'maxmemory'.",
    "LOADING Redis is loading the dataset in memory",
    "READONLY You can't write against a read only replica.",
    "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk.",
    "NOAUTH Authentication required.",
    "CLUSTERDOWN The cluster is down",
    "NOREPLICAS Not enough good replicas to write.",
    "NOPERM User outboxd has no permissions to run the 'xadd' command",
    "ERR max number of clients reached",
};
constexpr std::array kJudgements{
    "WRONGTYPE Operation against a key holding the wrong kind of value",
    "NOPERM No permissions to access a key",
    "ERR The ID specified in XADD is equal or smaller than the target stream top item",
};

}  // namespace

SimRedis::State SimRedis::state(const std::string& worker) const {
  const bool over = world_.now() >= until_;
  return over || (!only_.empty() && only_ != worker) ? State::up : state_;
}

void SimRedis::change_weather(const std::string& worker) {
  auto& chance = world_.chance;
  if (world_.now() >= until_ && chance.happens(world_.weather.redis_goes)) {
    constexpr std::array kStates{State::away, State::refuses, State::hangs};
    go(kStates.at(chance.below(kStates.size())), worker);
  }
  if (world_.now() >= moved_until_ && chance.happens(world_.weather.stream_moves)) {
    moved_stream_ = "s" + std::to_string(chance.below(3));
    moved_until_ = world_.now() + chance.between(1ms, 60s);
    world_.count(Event::stream_moved);
  }
}

void SimRedis::go(State state, const std::string& worker) {
  auto& chance = world_.chance;
  state_ = state;
  until_ = world_.now() + chance.between(1ms, chance.happens(0.5) ? Milliseconds{5s} : Milliseconds{3min});
  only_ = chance.happens(0.3) ? worker : std::string{};
  refusal_ = kRefusals.at(chance.below(kRefusals.size()));
  deceives_probes_ = chance.happens(0.4);
  if (!only_.empty()) world_.count(Event::redis_partition);
  if (state == State::away) world_.count(Event::redis_away);
  if (state == State::refuses) world_.count(Event::redis_refuses);
  if (state == State::hangs) world_.count(Event::redis_hangs);
}

void SimRedis::end_all_trouble() {
  until_ = {};
  moved_until_ = {};
}

SimRedis::Answer SimRedis::xadd(const std::string& id, const std::string& stream, const std::string& worker) {
  auto& facts = world_.facts.at(id);
  if (state(worker) == State::refuses) return {Fault::redis_refuses, refusal_};
  if (stream == moved_stream_ && world_.now() < moved_until_) {
    return {Fault::stream_elsewhere, "MOVED 1234 10.0.0.2:6379"};
  }
  const bool by_stream = stream == "bad";
  if (by_stream || world_.chance.happens(world_.weather.entry_refused)) {
    ++facts.refused;
    world_.count(by_stream ? Event::bad_stream : Event::entry_refused);
    return {Fault::entry_refused, kJudgements.at(world_.chance.below(kJudgements.size()))};
  }
  if (++facts.entries > 1) world_.count(Event::repeat);
  return {Fault::none, "1-1"};
}

void SimRedis::xadd_later(const std::string& id, const std::string& stream) {
  world_.at(world_.now() + world_.chance.between(1ms, 20s), [this, id, stream] {
    if (stream == "bad") return;
    world_.count(Event::late_entry);
    if (++world_.facts.at(id).entries > 1) world_.count(Event::repeat);
  });
}

}  // namespace outboxd::simulation
