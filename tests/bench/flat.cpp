// SPDX-License-Identifier: Apache-2.0
// Whether the cost of a row depends on other rows in the table, or on held snapshots.
#include "bench/drain.hpp"
#include "bench/events.hpp"
#include "bench/held_snapshot.hpp"
#include "bench/sections.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

namespace outboxd::bench {
namespace {

constexpr int kBatch = 500;

/// The table's content during one drain.
struct Case {
  std::string what;
  std::int64_t rows = 0;
  bool held_snapshot = false;
  /// The number of dead rows, and of rows for a later time, which aren't claimed.
  std::int64_t others = 0;
  /// The case with which this one is compared.
  std::size_t base = 0;
  Series rates{};
  std::int64_t stopped_early = 0;
};

std::vector<std::string> fill(const Case& one) {
  std::vector<std::string> sql{insert_events_sql(one.rows + 2 * one.others)};
  if (one.others > 0) {
    const auto others = std::to_string(one.others);
    // The dead rows are the oldest.
    sql.push_back(
        "UPDATE event_outbox SET available_at = 'infinity', attempts = 100, last_error = 'refused' WHERE id "
        "IN (SELECT id FROM event_outbox ORDER BY created_at LIMIT " +
        others + ")");
    sql.push_back(
        "UPDATE event_outbox SET available_at = now() + interval '1 day' WHERE id IN (SELECT id FROM "
        "event_outbox WHERE available_at < now() ORDER BY created_at LIMIT " +
        others + ")");
  }
  return sql;
}

std::vector<Case> cases(std::int64_t rows) {
  std::vector<Case> all;
  for (const std::int64_t tenths : {5, 10, 20, 50, 100}) all.push_back({"backlog alone", rows * tenths / 10});
  for (std::size_t i = 0, sizes = all.size(); i < sizes; ++i) {
    all.push_back({.what = "an old snapshot is held", .rows = all[i].rows, .held_snapshot = true, .base = i});
  }
  all.push_back({.what = "beside as many dead rows, and as many for later", .rows = rows, .others = rows, .base = 1});
  return all;
}

void run(World& world, const Options& options, const test::Database& database, Case& one) {
  world.prepare(database, "event_outbox", fill(one));
  std::optional<HeldSnapshot> snapshot;
  if (one.held_snapshot) snapshot.emplace(database);
  const auto drained = drain(world, database, {.batch = kBatch, .rows = one.rows, .longest = options.longest_run});
  one.rates.add(drained.rows_per_second());
  if (!drained.finished) ++one.stopped_early;
  progress(one.what + ", " + std::to_string(one.rows) +
           " rows: " + std::to_string(std::lround(drained.rows_per_second())) + " rows/s" +
           (drained.finished ? "" : ", stopped"));
}

}  // namespace

Section flat(World& world, const Options& options) {
  Section section{
      .name = "flat",
      .title = "The cost of a row by backlog size, other rows and held snapshots",
      .how =
          "One process, batch 500. A backlog alone is compared with the smallest one, everything else with the "
          "same backlog alone. A run is stopped after " +
          std::to_string(options.longest_run.count()) + " s; its rate is then that of the rows that went out.",
      .columns = {{"what", "what"},
                  {"rows", "rows"},
                  {"held_snapshot", "snapshot held"},
                  {"rows_per_second", "rows/s"},
                  {"ratio", "ratio", 2},
                  {"stopped_early", "runs stopped"}},
      .rows = {}};
  const auto database = world.contract_database();
  auto all = cases(options.rows);
  progress("flat");
  for (int round = 0; round < options.rounds; ++round) {
    for (std::size_t i = 0; i < all.size(); ++i) {
      run(world, options, database, all[round % 2 == 0 ? i : all.size() - 1 - i]);
    }
  }
  for (const auto& one : all) {
    section.rows.push_back(
        {one.what, one.rows, one.held_snapshot, one.rates, ratio(one.rates, all[one.base].rates), one.stopped_early});
  }
  return section;
}

}  // namespace outboxd::bench
