// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "simulation/events.hpp"
#include "simulation/sim_redis.hpp"
#include "simulation/sim_table.hpp"
#include "simulation/virtual_clock.hpp"
#include "simulation/weather.hpp"

#include <cstdint>
#include <functional>
#include <iostream>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace outboxd::simulation {

class Life;

/// Whether the store refuses a row, and with which cause; an empty cause: another session has locked the row.
struct Refusing {
  TimePoint until{};
  std::string cause{};
};

/// The cause with which a table that refuses every row refused a claim, or a settlement.
struct Outage : Refusing {
  /// Rows that it was the first to refuse, with the worker that learned of it.
  std::set<std::pair<std::string, std::string>> first_refusals{};
};

/// What is known of a row beside what stands in the table.
struct RowFacts {
  Poison poison = Poison::none;
  TimePoint inserted_at{};
  /// When a claim last skipped it because another session had locked it.
  TimePoint passed_over_at{};
  Refusing claim_refused{};
  Refusing settlement_refused{};
  /// When the store last refused it for a reason of its own.
  std::optional<TimePoint> refused_at{};
  /// The workers that could not claim it, or not settle it, for whatever reason.
  std::set<std::string> claim_refused_to{};
  std::set<std::string> settlement_refused_to{};
  /// Of its payload.
  std::uint64_t bytes = 0;
  /// How often it stands in its stream.
  std::uint32_t entries = 0;
  /// Writes of it that were sent and not answered.
  std::uint32_t unanswered = 0;
  /// Refusals of this very row by Redis.
  std::uint32_t refused = 0;
  /// Attempts that ours spent on it, as an outcome says, without its being published.
  std::uint32_t failures = 0;
  /// Attempts that another program's dispatcher spent on it.
  std::uint32_t foreign_failures = 0;
};

/// What all processes share.
struct World {
  World(std::uint64_t seed, bool traced)
      : tracing{traced},
        chance{seed},
        setting{draw_setting(chance)},
        weather{draw_weather(setting, chance)},
        redis{*this} {}
  World(const World&) = delete;
  World& operator=(const World&) = delete;
  ~World() = default;

  [[nodiscard]] TimePoint now() const { return clock.now(); }
  void count(Event event, std::uint64_t times = 1) { events.count(event, times); }
  /// One line of what happens, for the replay of a seed.
  void trace(const std::string& who, const std::string& what) const {
    if (tracing)
      std::cout << std::chrono::duration<double>(now().time_since_epoch()).count() << " " << who << ": " << what
                << "\n";
  }
  /// A promise was broken.
  void fault(std::string text);
  /// The first few faults tell what is wrong; the rest follows from them.
  [[nodiscard]] bool is_broken() const { return faults.size() >= 10; }
  /// Leases that ended without an outcome are made known to those who held them.
  void report_lost_leases();
  /// Writes outcomes to the table, and looks at what it does: only rows of this lease may change. Returns their ids.
  std::vector<std::string> settle(const std::string& worker, const dispatch::Settlement& settlement,
                                  const SimTable::OutcomeFilter& refused);
  /// Does `what` at that moment.
  void at(TimePoint when, std::function<void()> what) { agenda.emplace(when, std::move(what)); }

  bool tracing;
  Chance chance;
  Setting setting;
  Weather weather;
  dispatch::VirtualClock clock;
  std::multimap<TimePoint, std::function<void()>> agenda;
  SimTable table;
  SimRedis redis;
  std::map<std::string, RowFacts> facts;
  /// Every process of outboxd that there ever was, by its worker's name.
  std::map<std::string, Life*> lives;
  /// The process that commits notify, by its worker's name; empty: none.
  std::string told_of_commits;
  /// Those that wait for a commit, by their workers' names.
  std::map<std::string, std::function<void()>> wait_for_commits;
  /// Every row is refused, at its claim and at its settlement.
  Outage table_refuses;
  /// Until then the store is unreachable for all processes.
  TimePoint store_back_at{};
  /// Since when nothing has gone wrong.
  TimePoint calm_since = TimePoint::max();
  Events events;
  std::vector<std::string> faults;
};

}  // namespace outboxd::simulation
