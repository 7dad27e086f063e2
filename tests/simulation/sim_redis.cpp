// SPDX-License-Identifier: Apache-2.0
#include "simulation/sim_redis.hpp"

#include "simulation/world.hpp"

#include <array>

namespace outboxd::simulation {
namespace {

// Errors in the words of servers (7.0 to 8.0), and of proxies and services.
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
    "upstream failure",
    "no upstream host",
    "ERR Connection refused",
    "ERR max daily request limit exceeded",
    "QUOTA",
    "",
};
constexpr std::array kStreamRefusals{
    "WRONGTYPE Operation against a key holding the wrong kind of value",
    "NOPERM No permissions to access a key",
    "MOVED 1234 10.0.0.2:6379",
    "ERR The stream has exhausted the last possible ID, unable to add more items",
    "ERR no route for this key",
    "upstream failure",
    "LOADING Redis is loading the dataset in memory",
};
constexpr std::array kJudgements{
    "ERR The ID specified in XADD is equal or smaller than the target stream top item",
    "ERR try later",
    "WRONGTYPE Operation against a key holding the wrong kind of value",
    "OOM command not allowed when used memory > 'maxmemory'.",
};
constexpr const char* kTooLarge = "ERR value is too large";

bool probes_show(const std::string& words) {
  return !words.starts_with("WRONGTYPE") && !words.starts_with("ERR The stream");
}

}  // namespace

SimRedis::SimRedis(World& world) : world_{world} {
  if (world_.setting.bad_stream) bad_stream_words_ = kStreamRefusals.at(world_.chance.below(kStreamRefusals.size()));
}

std::string SimRedis::refusal_of_probe(const std::string& stream) const {
  if (stream == "bad" && probes_show(bad_stream_words_)) return bad_stream_words_;
  const bool is_refused = stream == refused_stream_ && world_.now() < stream_refused_until_;
  return is_refused && probes_show(stream_words_) ? stream_words_ : std::string{};
}

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
  if (world_.now() >= stream_refused_until_ && chance.happens(world_.weather.stream_moves)) {
    refused_stream_ = "s" + std::to_string(chance.below(3));
    stream_words_ = kStreamRefusals.at(chance.below(kStreamRefusals.size()));
    stream_refused_until_ = world_.now() + chance.between(1ms, 60s);
    world_.count(guess_by_words(stream_words_) == Fault::stream_refused ? Event::stream_refused
                                                                        : Event::stream_refused_in_other_words);
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
  if (state == State::away) world_.count(Event::redis_unreachable);
  if (state == State::refuses) {
    world_.count(guess_by_words(refusal_) == Fault::redis_unavailable ? Event::redis_unavailable
                                                                      : Event::redis_refuses_in_other_words);
  }
  if (state == State::hangs) world_.count(Event::redis_hangs);
}

void SimRedis::end_all_trouble() {
  until_ = {};
  stream_refused_until_ = {};
}

SimRedis::Answer SimRedis::xadd(const std::string& id, const std::string& stream, const std::string& worker) {
  auto& facts = world_.facts.at(id);
  if (state(worker) == State::refuses) {
    ++facts.refused;
    return {Fault::refused, refusal_};
  }
  const bool by_bad_stream = stream == "bad" && has_bad_stream();
  const bool by_stream = stream == refused_stream_ && world_.now() < stream_refused_until_;
  if (by_bad_stream || by_stream) {
    // Other programs, which don't judge streams, spend attempts.
    ++facts.refused;
    if (by_bad_stream) world_.count(Event::bad_stream);
    return {Fault::refused, by_bad_stream ? bad_stream_words_ : stream_words_};
  }
  if (facts.poison == Poison::refused_each_time || world_.chance.happens(world_.weather.entry_refused)) {
    ++facts.refused;
    world_.count(Event::entry_refused);
    const bool each_time = facts.poison == Poison::refused_each_time;
    return {Fault::refused, each_time ? kTooLarge : kJudgements.at(world_.chance.below(kJudgements.size()))};
  }
  if (++facts.entries > 1) world_.count(Event::repeat);
  return {Fault::none, "1-1"};
}

void SimRedis::xadd_later(const std::string& id, const std::string& stream) {
  world_.at(world_.now() + world_.chance.between(1ms, 20s), [this, id, stream] {
    if (stream == "bad" && has_bad_stream()) return;
    if (world_.facts.at(id).poison == Poison::refused_each_time) return;
    world_.count(Event::late_entry);
    if (++world_.facts.at(id).entries > 1) world_.count(Event::repeat);
  });
}

}  // namespace outboxd::simulation
