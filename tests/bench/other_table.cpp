// SPDX-License-Identifier: Apache-2.0
#include "bench/drain.hpp"
#include "bench/events.hpp"
#include "bench/sections.hpp"
#include "support/caracal_table.hpp"

#include <cmath>

namespace outboxd::bench {

Section other_table(World& world, const Options& options) {
  Section section{.name = "caracal_outbox",
                  .title = "The Coordinator's table",
                  .how = "A backlog of " + std::to_string(options.rows) +
                         " rows in `caracal_outbox` as it stands (`--layout caracal_outbox --profile coordinator`), "
                         "and the same events in `event_outbox`; one process.",
                  .columns = {{"batch", "batch"},
                              {"event_outbox_rows_per_second", "event_outbox, rows/s"},
                              {"rows_per_second", "caracal_outbox, rows/s"},
                              {"ratio", "ratio", 2},
                              {"goal", "goal"},
                              {"goal_met", "met"}},
                  .rows = {}};
  constexpr double kGoal = 0.5;
  const auto events = world.contract_database();
  const auto caracal = world.contract_database();
  test::create_caracal_table(caracal);
  for (const int batch : options.batches) {
    progress("caracal_outbox, batch " + std::to_string(batch));
    Series event_rates;
    Series caracal_rates;
    for (int round = 0; round < options.rounds; ++round) {
      DrainOptions run{.batch = batch, .rows = options.rows, .longest = options.longest_run};
      world.prepare(events, "event_outbox", {insert_events_sql(options.rows)});
      event_rates.add(drain(world, events, run).rows_per_second());
      run.arguments = test::for_caracal_table({});
      run.table = "caracal_outbox";
      run.marked_at = "published_at";
      world.prepare(caracal, "caracal_outbox", {insert_caracal_events_sql(options.rows)});
      caracal_rates.add(drain(world, caracal, run).rows_per_second());
      progress("event_outbox " + std::to_string(std::lround(event_rates.values().back())) + ", caracal_outbox " +
               std::to_string(std::lround(caracal_rates.values().back())) + " rows/s");
    }
    const auto ratios = ratio(caracal_rates, event_rates);
    section.rows.push_back(
        {std::int64_t{batch}, event_rates, caracal_rates, ratios, "≥ 0.5", ratios.median() >= kGoal});
  }
  return section;
}

}  // namespace outboxd::bench
