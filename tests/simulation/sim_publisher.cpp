// SPDX-License-Identifier: Apache-2.0
#include "simulation/sim_publisher.hpp"

#include <algorithm>
#include <utility>

namespace outboxd::simulation {
namespace {

using dispatch::Awaitable;

/// Gives the row a reply, in the words that its dispatcher sees.
Answered answer(dispatch::Delivery& row, Fault meaning, std::string text) {
  const auto fault = meaning == Fault::refused ? guess_by_words(text) : meaning;
  row.reply = Reply{fault, std::move(text)};
  return {&row, meaning};
}

}  // namespace

Awaitable<void> SimPublisher::wait(Milliseconds time) {
  co_await world_.clock.wait(event_, world_.now() + time);
  life_.go_on();
}

Awaitable<void> SimPublisher::publish(Rows rows, TimePoint not_after) {
  const Call call{world_, life_};
  ledger_.sends(rows, not_after);
  life_.go_on();
  world_.redis.change_weather(life_.worker());
  // Connecting may take its time, too.
  const bool slowly = world_.chance.happens(world_.weather.stall);
  const auto connecting = world_.chance.between(0ms, slowly ? Milliseconds{5'000} : kSlowestAnswer);
  if (slowly) life_.meets_trouble(connecting);
  co_await wait(connecting);
  std::vector<Answered> write;
  if (world_.redis.state(life_.worker()) == SimRedis::State::away || world_.now() > not_after) {
    for (auto* row : rows) write.push_back(answer(*row, Fault::redis_unreachable, "connection refused"));
  } else if (world_.redis.state(life_.worker()) == SimRedis::State::hangs) {
    write = co_await hang(rows);
  } else {
    write = co_await exchange(rows);
  }
  ledger_.gets_replies(write);
}

bool SimPublisher::drops_connection(const dispatch::Delivery* row) const {
  return world_.facts.at(row->row.id).poison == Poison::drops_connection;
}

SimPublisher::Reach SimPublisher::reach_of(Rows rows) {
  auto& chance = world_.chance;
  const auto drops = std::ranges::find_if(rows, [this](const auto* row) { return drops_connection(row); });
  Reach reach{static_cast<std::size_t>(drops - rows.begin()), 0, rows.size()};
  const bool cut = chance.happens(world_.weather.cut);
  if (cut) {
    world_.count(Event::cut);
    reach.carried_out = chance.below(reach.carried_out + 1);
  }
  reach.answered = reach.carried_out;
  if (reach.carried_out == rows.size() && !cut) return reach;
  // A connection with an unfinished exchange is not used again.
  reach.answered = 0;
  const auto first_unsent = reach.carried_out + (drops == rows.end() ? 0 : 1);
  if (first_unsent < rows.size()) reach.sent = first_unsent + chance.below(rows.size() - first_unsent + 1);
  return reach;
}

void SimPublisher::die_in_the_middle(Rows rows) {
  const auto kills = std::ranges::find_if(
      rows, [this](const auto* row) { return world_.facts.at(row->row.id).poison == Poison::kills_when_sent; });
  const bool by_row = kills != rows.end();
  if (!by_row && !world_.chance.happens(world_.weather.crash)) return;
  const auto drops = std::ranges::find_if(rows, [this](const auto* row) { return drops_connection(row); });
  const auto most = static_cast<std::size_t>(std::min(kills, drops) - rows.begin());
  const auto first = world_.chance.below(most + 1);
  for (const auto* row : rows.first(first)) world_.redis.xadd(row->row.id, row->entry.stream, life_.worker());
  life_.crash(by_row ? Event::crash_by_row : Event::crash_in_write);
}

Awaitable<std::vector<Answered>> SimPublisher::exchange(Rows rows) {
  for (const auto* row : rows) {
    const bool held = world_.table.row(row->row.id).lease == lease_of(row->entry);
    if (!held) world_.fault("row " + row->row.id + ": an entry is written only while its row's lease lasts");
  }
  die_in_the_middle(rows);
  const auto reach = reach_of(rows);
  std::vector<Answered> write;
  for (auto* row : rows) {
    const auto place = write.size();
    auto said = place < reach.carried_out ? world_.redis.xadd(row->row.id, row->entry.stream, life_.worker())
                                          : SimRedis::Answer{};
    if (place < reach.answered) {
      write.push_back(answer(*row, said.meant, std::move(said.text)));
    } else {
      write.push_back(
          answer(*row, place < reach.sent ? Fault::unanswered : Fault::redis_unreachable, "connection lost"));
    }
  }
  co_await wait(world_.chance.between(0ms, kSlowestAnswer));
  co_return write;
}

Awaitable<std::vector<Answered>> SimPublisher::hang(Rows rows) {
  die_in_the_middle(rows);
  life_.meets_trouble(timeout_);
  co_await wait(timeout_ - kSlowestAnswer);
  std::vector<Answered> write;
  for (auto* row : rows) {
    write.push_back(answer(*row, Fault::unanswered, "no answer in time"));
    if (!drops_connection(row) && world_.chance.happens(0.3)) {
      world_.redis.xadd_later(row->row.id, row->entry.stream);
    }
  }
  co_return write;
}

Awaitable<Reply> SimPublisher::probe(std::string stream) {
  const Call call{world_, life_};
  ledger_.probes();
  life_.go_on();
  co_await wait(world_.chance.between(0ms, kSlowestAnswer));
  Reply reply;
  auto refusal = world_.redis.refusal_of_probe(stream);
  bool refused = !refusal.empty();
  const auto state = world_.redis.state(life_.worker());
  if (state == SimRedis::State::refuses && !world_.redis.deceives_probes()) {
    refused = true;
    refusal = world_.redis.refusal();
  }
  if (refused) reply = {guess_by_words(refusal), refusal};
  if (state == SimRedis::State::away) reply = {Fault::redis_unreachable, "connection refused"};
  if (state == SimRedis::State::hangs && !world_.redis.deceives_probes()) {
    reply = {Fault::redis_unreachable, "no answer in time"};
  }
  ledger_.probe_ends(stream, reply);
  co_return reply;
}

}  // namespace outboxd::simulation
