// SPDX-License-Identifier: Apache-2.0
// From commit to entry: alone, beside busy writers, beside a held snapshot, and behind other streams' rows.
#include "bench/commit_to_entry.hpp"
#include "bench/daemon.hpp"
#include "bench/events.hpp"
#include "bench/sections.hpp"

#include <array>

namespace outboxd::bench {
namespace {

using Words = std::vector<std::string>;

/// Rates of writers that are busy without filling the machine.
constexpr std::array kMany{500, 1'000, 2'000};

std::optional<test::Database> with_wake_ups(World& world, const Words& further = {}) {
  Words words{"--wake-ups"};
  words.insert(words.end(), further.begin(), further.end());
  std::optional<test::Database> database = world.migrated_database(words);
  if (!has_wake_ups(*database)) database.reset();
  return database;
}

}  // namespace

Section latency(World& world, const Options& options) {
  const auto as_it_stands = world.contract_database();
  return commit_to_entry(world, options,
                         {{"the writer XADDs after its commit (floor)", as_it_stands, std::nullopt},
                          {"outboxd, wake-ups (`outboxd migrate --wake-ups`)", with_wake_ups(world), Words{}},
                          {"outboxd, polling each 250 ms (profile api)", as_it_stands, Words{}},
                          {"outboxd, polling each 5 ms", as_it_stands, Words{"--poll-interval", "5ms"}}},
                         "latency", "From commit to entry", "Writers that are mostly idle.");
}

Section busy_latency(World& world, const Options& options) {
  std::vector<Way> ways;
  for (const int rate : kMany) {
    ways.push_back({"outboxd, wake-ups and tuning (`outboxd migrate --wake-ups --tune`)",
                    with_wake_ups(world, {"--tune"}), Words{}, rate});
    ways.push_back(
        {"outboxd, polling each 2 ms", world.migrated_database({"--tune"}), Words{"--poll-interval", "2ms"}, rate});
  }
  return commit_to_entry(world, options, std::move(ways), "busy_latency", "From commit to entry, beside busy writers",
                         "Several writers that don't fill the machine.");
}

Section held_snapshot(World& world, const Options& options) {
  const auto rows = 6 * options.rows;
  const auto database = with_wake_ups(world);
  std::vector<Way> ways;
  for (const std::string table : {"event_outbox", "caracal_outbox"}) {
    for (const bool woken : {false, true}) {
      Way way{.what = table + (woken ? ", wake-ups" : ", polling each 50 ms"),
              .database = woken ? database : world.migrated_database(),
              .arguments = woken ? Words{} : Words{"--poll-interval", "50ms"},
              .table = table};
      ways.push_back(way);
      way.what += ", " + std::to_string(rows) + " rows published beside a held snapshot";
      way.published_before = rows;
      way.base = ways.size() - 1;
      ways.push_back(way);
    }
  }
  return commit_to_entry(world, options, std::move(ways), "held_snapshot",
                         "From commit to entry, beside a held snapshot",
                         "The daemon itself has published the rows before; the ratio is to an empty table.");
}

Section other_streams(World& world, const Options& options) {
  const auto rows = 10 * options.rows;
  std::vector<Way> ways;
  for (const std::string with : {"", "--stream-index"}) {
    for (const bool woken : {false, true}) {
      Words migrations;
      if (woken) migrations.emplace_back("--wake-ups");
      if (!with.empty()) migrations.push_back(with);
      Way way{.what = std::string{woken ? "wake-ups" : "polling each 50 ms"} + (with.empty() ? "" : ", " + with),
              .database = world.migrated_database(migrations),
              .arguments = woken ? Words{} : Words{"--poll-interval", "50ms"},
              .stream = "ours"};
      ways.push_back(way);
      way.what += ", behind " + std::to_string(rows) + " rows of other streams";
      way.of_others = rows;
      way.base = ways.size() - 1;
      ways.push_back(way);
    }
  }
  return commit_to_entry(world, options, std::move(ways), "other_streams",
                         "From commit to entry, behind other streams' backlog",
                         "One dispatcher with `--streams`; the ratio is to an empty table.");
}

}  // namespace outboxd::bench
