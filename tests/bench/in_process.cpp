// SPDX-License-Identifier: Apache-2.0
#include "bench/drain.hpp"
#include "bench/events.hpp"
#include "bench/sections.hpp"
#include "support/older_dispatcher.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <thread>

namespace outboxd::bench {
namespace {

using Clock = std::chrono::steady_clock;

/// Runs a model of the services' in-process dispatcher for some seconds or until the table is drained.
double in_process_rate(const World& world, const test::Database& database, int batch, std::chrono::milliseconds poll,
                       std::chrono::milliseconds longest) {
  test::OlderDispatcher dispatcher(database, world.redis(), batch);
  const auto begin = Clock::now();
  std::int64_t rows = 0;
  for (auto next = begin; Clock::now() < begin + longest;) {
    const int sent = dispatcher.turn();
    if (sent == 0) break;
    rows += sent;
    next = std::max(next + poll, Clock::now());
    if (poll.count() > 0) std::this_thread::sleep_until(next);
  }
  return static_cast<double>(rows) / std::chrono::duration<double>(Clock::now() - begin).count();
}

}  // namespace

Section in_process(World& world, const Options& options) {
  Section section{
      .name = "in_process",
      .title = "Compared with an in-process dispatcher",
      .how =
          "The services' in-process dispatchers claim rows, and for each row await one XADD and one UPDATE, "
          "with the service's own durability (synchronous_commit on). As shipped: 32 rows each 250 ms. Without a "
          "pause: 500 at a time, at once again. Measured for at most " +
          options.seconds() + " s; outboxd empties the same table.",
      .columns = {{"outboxd_batch", "outboxd's batch"},
                  {"outboxd_rows_per_second", "outboxd, rows/s"},
                  {"as_shipped_rows_per_second", "as shipped, rows/s"},
                  {"times_as_shipped", "times as fast", 1},
                  {"no_pause_rows_per_second", "without a pause, rows/s"},
                  {"times_no_pause", "times as fast", 1}},
      .rows = {}};
  const auto database = world.contract_database();
  const auto fill = [&] { world.prepare(database, "event_outbox", {insert_events_sql(options.rows)}); };
  for (const int batch : options.batches) {
    progress("in_process, outboxd's batch " + std::to_string(batch));
    Series ours;
    Series shipped;
    Series no_pause;
    for (int round = 0; round < options.rounds; ++round) {
      using namespace std::chrono_literals;
      fill();
      ours.add(drain(world, database, {.batch = batch, .rows = options.rows, .longest = options.longest_run})
                   .rows_per_second());
      fill();
      shipped.add(in_process_rate(world, database, 32, 250ms, options.window));
      fill();
      no_pause.add(in_process_rate(world, database, 500, 0ms, options.window));
      progress("outboxd " + std::to_string(std::lround(ours.values().back())) + ", as shipped " +
               std::to_string(std::lround(shipped.values().back())) + ", without a pause " +
               std::to_string(std::lround(no_pause.values().back())) + " rows/s");
    }
    section.rows.push_back(
        {std::int64_t{batch}, ours, shipped, ratio(ours, shipped), no_pause, ratio(ours, no_pause)});
  }
  return section;
}

}  // namespace outboxd::bench
