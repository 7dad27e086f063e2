// SPDX-License-Identifier: Apache-2.0
#include "simulation/world.hpp"

#include "simulation/life.hpp"

namespace outboxd::simulation {
namespace {

struct Before {
  std::uint32_t attempts = 0;
  std::string lease;
  bool done = false;
  bool operator==(const Before&) const = default;
};

Before state_of(const SimRow& row) {
  return {row.attempts, row.lease, row.done()};
}

}  // namespace

void World::fault(std::string text) {
  trace("BROKEN", text);
  if (!is_broken()) faults.push_back(std::move(text));
}

void World::report_lost_leases() {
  for (const auto& lost : table.take_lost_leases()) {
    count(Event::lease_lost);
    const auto holder = lives.find(lost.worker);
    if (holder != lives.end()) holder->second->on_lost_lease(lost.lease);
  }
}

std::vector<std::string> World::settle(const std::string& worker, const dispatch::Settlement& settlement,
                                       const SimTable::OutcomeFilter& refused) {
  std::vector<Before> before;
  for (const auto& outcome : settlement.outcomes) before.push_back(state_of(table.row(outcome.id)));
  table.settle(worker, settlement, now(), refused);
  std::vector<std::string> changed;
  for (std::size_t i = 0; i < before.size(); ++i) {
    const auto& id = settlement.outcomes[i].id;
    if (before[i] == state_of(table.row(id))) continue;
    if (before[i].lease != settlement.lease) fault("row " + id + ": an outcome is written under its own lease only");
    changed.push_back(id);
  }
  return changed;
}

}  // namespace outboxd::simulation
