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
  /// Rows that it was the first to refuse, with the worker to which they were refused.
  std::set<std::pair<std::string, std::string>> first_refusals{};
};

/// Facts about a row that are not in the table.
struct RowFacts {
  Poison poison = Poison::none;
  TimePoint inserted_at{};
  /// When a claim last skipped it because another session had locked it.
  TimePoint passed_over_at{};
  Refusing claim_refused{};
  Refusing settlement_refused{};
  /// When the store last refused it for a fault of its own.
  std::optional<TimePoint> refused_at{};
  /// The workers that could not claim it, or not settle it, for any reason.
  std::set<std::string> claim_refused_to{};
  std::set<std::string> settlement_refused_to{};
  /// The size of its payload.
  std::uint64_t bytes = 0;
  /// How many entries it has in its stream.
  std::uint32_t entries = 0;
  /// Writes of it that were sent and not answered.
  std::uint32_t unanswered = 0;
  /// Refusals of this very row by Redis.
  std::uint32_t refused = 0;
  /// Attempts that an outboxd process spent on it, by its outcome, without publishing it.
  std::uint32_t failures = 0;
  /// Attempts that another program's dispatcher spent on it.
  std::uint32_t foreign_failures = 0;
};

/// The objects that all processes share.
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
  /// Prints one step, for the replay of a seed.
  void trace(const std::string& who, const std::string& what) const {
    if (tracing)
      std::cout << std::chrono::duration<double>(now().time_since_epoch()).count() << " " << who << ": " << what
                << "\n";
  }
  /// Reports a broken promise.
  void fault(std::string text);
  /// The first few faults show the error; the rest follows from them.
  [[nodiscard]] bool is_broken() const { return faults.size() >= 10; }
  /// Reports leases that ended without an outcome to the workers that held them.
  void report_lost_leases();
  /// Writes outcomes to the table, and checks the effect: only rows of this lease may change. Returns their ids.
  std::vector<std::string> settle(const std::string& worker, const dispatch::Settlement& settlement,
                                  const SimTable::OutcomeFilter& refused);
  /// Calls `what` at that moment.
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
  /// Every process of outboxd so far, by its worker's name.
  std::map<std::string, Life*> lives;
  /// The process that commits notify, by its worker's name; empty: none.
  std::string told_of_commits;
  /// The processes that wait for a commit, by their workers' names.
  std::map<std::string, std::function<void()>> wait_for_commits;
  /// Every row is refused, at its claim and at its settlement.
  Outage table_refuses;
  /// Until then the store is unreachable for all processes.
  TimePoint store_back_at{};
  /// Since when no fault has happened.
  TimePoint calm_since = TimePoint::max();
  Events events;
  std::vector<std::string> faults;
};

}  // namespace outboxd::simulation
