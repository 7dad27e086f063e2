// SPDX-License-Identifier: Apache-2.0
#include "simulation/events.hpp"

namespace outboxd::simulation {

std::string_view to_string(Event event) {
  static constexpr std::array<std::string_view, kEventKinds> kNames{
      "processes crashed",
      "… in the middle of a write",
      "… by a poison row",
      "processes told to stop",
      "… with rows in hand",
      "runs with --once",
      "… that gave up",
      "statements failed",
      "statements timed out",
      "statements' answers late",
      "claims whose answer was lost",
      "settlements whose answer was lost",
      "outages of the store",
      "… for one process only",
      "settlements refused as a whole",
      "outcomes refused for one row",
      "due rows locked by somebody for a moment",
      "live workers not seen for a moment",
      "leases ended without an outcome",
      "dead workers freed",
      "claims of a poison candidate alone",
      "outcomes that came after their lease",
      "batches whose outcomes were given up",
      "Redis away",
      "Redis refuses everyone",
      "… in words of its own",
      "Redis hangs",
      "… for one process only",
      "streams refused for a while",
      "… in words of their own",
      "entries refused",
      "… by a stream that takes nothing",
      "connections cut inside a write",
      "entries unanswered",
      "entries carried out long after",
      "entries repeated",
      "rows given back: lease too short",
      "rows given back: stopping",
      "rows given back: stream blocked",
      "last attempts given back",
      "rows sent before, and not again",
      "dead: can never be published",
      "dead: refused to the last",
      "dead: singled out",
      "dead: worn out",
      "dead beside a poison row",
      "poison: payload no object",
      "poison: payload too large",
      "poison: no stream name",
      "poison: drops the connection",
      "poison: refused each time",
      "poison: kills when claimed",
      "poison: kills when sent",
      "poison: can't be marked published",
      "rows claimed by another program",
      "rows dead by another program",
      "outcomes of it that came after their lease",
      "dispatchers that ask to be woken",
      "… that are woken by a commit",
      "rows timed in good weather",
      "… beside a stream that takes nothing",
  };
  return kNames[static_cast<std::size_t>(event)];
}

void Events::add(const Events& other) {
  for (std::size_t i = 0; i < kEventKinds; ++i) counts_[i] += other.counts_[i];
}

}  // namespace outboxd::simulation
