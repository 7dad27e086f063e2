// SPDX-License-Identifier: Apache-2.0
#include "simulation/sim_publisher.hpp"

#include <algorithm>

namespace outboxd::simulation {
namespace {

using dispatch::Awaitable;

constexpr Milliseconds kSlowest{20};

}  // namespace

void SimPublisher::Replies::add(Fault meaning, std::string text) {
  told.push_back({meaning == Fault::refused ? guess_by_words(text) : meaning, std::move(text)});
  meant.push_back(meaning);
}

Awaitable<void> SimPublisher::wait(Milliseconds time) {
  co_await world_.clock.wait(alarm_, world_.now() + time);
  life_.go_on();
}

Awaitable<std::vector<Reply>> SimPublisher::publish(std::span<const entry::Entry> entries, TimePoint not_after) {
  const Call call{world_, life_};
  ledger_.sends(entries, not_after);
  life_.go_on();
  world_.redis.change_weather(life_.worker());
  // Connecting may take its time, too.
  const bool slowly = world_.chance.happens(world_.weather.stall);
  const auto connecting = world_.chance.between(0ms, slowly ? Milliseconds{5'000} : kSlowest);
  if (slowly) life_.meets_trouble(connecting);
  co_await wait(connecting);
  Replies replies;
  if (world_.redis.state(life_.worker()) == SimRedis::State::away || world_.now() > not_after) {
    for (std::size_t i = 0; i < entries.size(); ++i) replies.add(Fault::redis_away, "connection refused");
  } else if (world_.redis.state(life_.worker()) == SimRedis::State::hangs) {
    replies = co_await hang(entries);
  } else {
    replies = co_await exchange(entries);
  }
  ledger_.gets_replies(entries, replies.told, replies.meant);
  co_return replies.told;
}

SimPublisher::Reach SimPublisher::reach_of(std::span<const entry::Entry> entries) {
  auto& chance = world_.chance;
  const auto drops = std::ranges::find_if(entries, [this](const entry::Entry& entry) {
    return world_.facts.at(id_of(entry)).poison == Poison::drops_connection;
  });
  Reach reach{static_cast<std::size_t>(drops - entries.begin()), 0, entries.size()};
  const bool cut = chance.happens(world_.weather.cut);
  if (cut) {
    world_.count(Event::cut);
    reach.carried_out = chance.below(reach.carried_out + 1);
  }
  reach.answered = reach.carried_out;
  if (reach.carried_out == entries.size() && !cut) return reach;
  // What did not come to its end is not trusted.
  reach.answered = 0;
  const auto first_unsent = reach.carried_out + (drops == entries.end() ? 0 : 1);
  if (first_unsent < entries.size()) reach.sent = first_unsent + chance.below(entries.size() - first_unsent + 1);
  return reach;
}

void SimPublisher::die_in_the_middle(std::span<const entry::Entry> entries) {
  const auto kills = std::ranges::find_if(entries, [this](const entry::Entry& entry) {
    return world_.facts.at(id_of(entry)).poison == Poison::kills_when_sent;
  });
  const bool by_row = kills != entries.end();
  if (!by_row && !world_.chance.happens(world_.weather.crash)) return;
  const auto drops = std::ranges::find_if(entries, [this](const entry::Entry& entry) {
    return world_.facts.at(id_of(entry)).poison == Poison::drops_connection;
  });
  const auto most = static_cast<std::size_t>(std::min(kills, drops) - entries.begin());
  const auto first = world_.chance.below(most + 1);
  for (const auto& entry : entries.first(first)) world_.redis.xadd(id_of(entry), entry.stream, life_.worker());
  life_.crash(by_row ? Event::crash_by_row : Event::crash_in_write);
}

Awaitable<SimPublisher::Replies> SimPublisher::exchange(std::span<const entry::Entry> entries) {
  for (const auto& entry : entries) {
    const bool held = world_.table.row(id_of(entry)).lease == lease_of(entry);
    if (!held) world_.fault("row " + id_of(entry) + ": an entry is written only while its row's lease lasts");
  }
  die_in_the_middle(entries);
  const auto reach = reach_of(entries);
  Replies replies;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    auto answer = i < reach.carried_out ? world_.redis.xadd(id_of(entries[i]), entries[i].stream, life_.worker())
                                        : SimRedis::Answer{};
    if (i < reach.answered) {
      replies.add(answer.meant, std::move(answer.text));
    } else {
      replies.add(i < reach.sent ? Fault::unanswered : Fault::redis_away, "connection lost");
    }
  }
  co_await wait(world_.chance.between(0ms, kSlowest));
  co_return replies;
}

Awaitable<SimPublisher::Replies> SimPublisher::hang(std::span<const entry::Entry> entries) {
  die_in_the_middle(entries);
  life_.meets_trouble(timeout_);
  co_await wait(timeout_ - kSlowest);
  Replies replies;
  for (const auto& entry : entries) {
    replies.add(Fault::unanswered, "no answer in time");
    const bool drops = world_.facts.at(id_of(entry)).poison == Poison::drops_connection;
    if (!drops && world_.chance.happens(0.3)) world_.redis.xadd_later(id_of(entry), entry.stream);
  }
  co_return replies;
}

Awaitable<Reply> SimPublisher::probe(std::string stream) {
  const Call call{world_, life_};
  ledger_.probes();
  life_.go_on();
  co_await wait(world_.chance.between(0ms, kSlowest));
  Reply reply;
  auto refusal = world_.redis.refusal_of_probe(stream);
  bool refused = !refusal.empty();
  const auto state = world_.redis.state(life_.worker());
  if (state == SimRedis::State::refuses && !world_.redis.deceives_probes()) {
    refused = true;
    refusal = world_.redis.refusal();
  }
  if (refused) reply = {guess_by_words(refusal), refusal};
  if (state == SimRedis::State::away) reply = {Fault::redis_away, "connection refused"};
  if (state == SimRedis::State::hangs && !world_.redis.deceives_probes()) {
    reply = {Fault::redis_away, "no answer in time"};
  }
  ledger_.probe_ends(stream, reply);
  co_return reply;
}

}  // namespace outboxd::simulation
