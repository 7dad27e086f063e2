// SPDX-License-Identifier: Apache-2.0
#include "bench/drain.hpp"
#include "bench/events.hpp"
#include "bench/sections.hpp"

#include <array>
#include <cmath>

namespace outboxd::bench {
namespace {

constexpr std::array kProcesses{1, 2, 4};

}  // namespace

Section instances(World& world, const Options& options) {
  Section section{.name = "instances",
                  .title = "Several processes on one table",
                  .how = "A backlog of " + std::to_string(options.rows) +
                         " rows, processes started together; from the first mark of any to the last. Each round "
                         "checks that every row went out, and that there are as many entries as rows.",
                  .columns = {{"processes", "processes"},
                              {"batch", "batch"},
                              {"rows_per_second", "rows/s"},
                              {"ratio_to_one", "÷ one process", 2},
                              {"each_row_once", "each row once"}},
                  .rows = {}};
  // A row that is sent twice, or never, ends the section with an error.
  const std::string each_row_once = streams_hold(options.rows) ? "yes" : "not counted: streams are trimmed";
  const auto database = world.contract_database();
  for (const int batch : options.batches) {
    std::array<Series, kProcesses.size()> rates;
    progress("instances, batch " + std::to_string(batch));
    for (int round = 0; round < options.rounds; ++round) {
      for (std::size_t i = 0; i < kProcesses.size(); ++i) {
        world.prepare(database, "event_outbox", {insert_events_sql(options.rows)});
        const auto drained = drain(
            world, database,
            {.batch = batch, .rows = options.rows, .longest = options.longest_run, .processes = kProcesses.at(i)});
        rates.at(i).add(drained.rows_per_second());
        progress(std::to_string(kProcesses.at(i)) +
                 " processes: " + std::to_string(std::lround(drained.rows_per_second())) + " rows/s");
      }
    }
    for (std::size_t i = 0; i < kProcesses.size(); ++i) {
      section.rows.push_back({std::int64_t{kProcesses.at(i)}, std::int64_t{batch}, rates.at(i),
                              ratio(rates.at(i), rates.front()), each_row_once});
    }
  }
  return section;
}

}  // namespace outboxd::bench
