// SPDX-License-Identifier: Apache-2.0
#include "simulation/weather.hpp"

#include <algorithm>

namespace outboxd::simulation {
namespace {

RetryPolicy draw_policy(Chance& chance) {
  const auto profile = chance.happens(0.5) ? Profile::api : Profile::coordinator;
  if (chance.happens(0.4)) return {profile, profile == Profile::api ? 100U : 10U};
  return {profile, 1 + static_cast<std::uint32_t>(chance.below(5))};
}

void draw_poisons(Setting& setting, Chance& chance) {
  const auto may_have = [&](Poison kind, double runs) {
    if (chance.happens(runs)) setting.poison[static_cast<std::size_t>(kind)] = 0.005 + 0.02 * chance.fraction();
  };
  may_have(Poison::payload_no_object, 0.3);
  may_have(Poison::payload_oversize, 0.3);
  may_have(Poison::stream_empty, 0.3);
  // With a hundred attempts such rows live for hours of virtual time, and a run for seconds of real time.
  const double runs = setting.retry.max_attempts > 10 ? 0.02 : 0.15;
  may_have(Poison::drops_connection, 2 * runs);
  may_have(Poison::refused_each_time, 2 * runs);
  may_have(Poison::kills_when_claimed, runs);
  may_have(Poison::kills_when_sent, runs);
  may_have(Poison::cannot_be_marked, setting.retry.max_attempts > 10 ? 0.0 : runs);
  setting.bad_stream = chance.happens(2 * runs);
}

void draw_refusals(Setting& setting, Chance& chance) {
  // One alone, some together, or nearly all.
  const auto share = [&] {
    const double most = chance.happens(0.3) ? 0.9 : chance.happens(0.5) ? 0.2 : 0.02;
    return 0.001 + most * chance.fraction();
  };
  if (chance.happens(0.2)) setting.refused_claims = share();
  if (chance.happens(0.2)) setting.refused_settlements = share();
  // With a hundred attempts such rows would be claimed for hours of virtual time.
  setting.refused_for_long = chance.happens(0.3);
  setting.slow_refusals = chance.happens(0.3);
  if (!chance.happens(0.2)) return;
  setting.batch_bytes = 500 + chance.below(5'000);
  setting.most_row_bytes = 100 + chance.below(2'000);
}

}  // namespace

Setting draw_setting(Chance& chance) {
  Setting setting;
  setting.retry = draw_policy(chance);
  setting.rows = 20 + chance.below(chance.happens(0.3) ? 500 : 100);
  setting.processes = 2 + chance.below(2);
  setting.other_program = chance.happens(0.25);
  if (chance.happens(0.3)) setting.once = chance.happens(0.5) ? 1.0 : chance.fraction();
  setting.stopped_later = chance.happens(0.3) ? chance.fraction() : 0.0;
  setting.storm = chance.between(1min, 8min);
  setting.trickle = chance.between(2s, 20s);
  setting.wake_ups = chance.happens(0.5);
  setting.longest_poll = chance.happens(0.5) ? Milliseconds{1s} : Milliseconds{5s};
  draw_poisons(setting, chance);
  draw_refusals(setting, chance);
  return setting;
}

Weather draw_weather(const Setting& setting, Chance& chance) {
  // A seed without a storm now and then shows how the dispatcher behaves on its own.
  if (chance.happens(0.1)) return {};
  const auto some = [&](double most) { return chance.happens(0.4) ? most * chance.fraction() : 0.0; };
  auto weather = Weather{
      .crash = some(0.005),
      .stop = some(0.003),
      .statement_fails = some(0.1),
      .answer_lost = some(0.08),
      .stall = some(0.02),
      .store_goes = some(0.005),
      .settlement_refused = some(0.2),
      .outcome_refused = some(0.05),
      .row_locked = some(0.2),
      .table_refuses = some(0.02),
      .lock_unseen = some(0.1),
      .redis_goes = some(0.1),
      .stream_moves = some(0.03),
      .entry_refused = some(0.05),
      .cut = some(0.1),
  };
  // Short runs see few rare events.
  if (setting.once > 0) {
    weather.cut = std::max(weather.cut, 0.1);
    weather.settlement_refused = std::max(weather.settlement_refused, 0.2);
  }
  return weather;
}

}  // namespace outboxd::simulation
