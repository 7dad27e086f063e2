// SPDX-License-Identifier: Apache-2.0
#include "bench/drain.hpp"
#include "bench/events.hpp"
#include "bench/floors.hpp"
#include "bench/sections.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <optional>
#include <sstream>

namespace outboxd::bench {
namespace {

/// One line of the table: a way to drain a table, once in each round.
struct Contender {
  std::string what;
  std::optional<test::Database> database;
  std::function<Drain(const test::Database&)> run;
  std::optional<double> goal{};
  Series rates{};
  Series reported{};
  Series own_cpu{};
  Series postgres_cpu{};
  Series redis_cpu{};
};

std::string with_one_decimal(double value) {
  std::ostringstream text;
  text << std::round(value * 10) / 10;
  return text.str();
}

bool knows_tuning() {
  return test::run_outboxd({"migrate", "--help"}).out.find("--tune") != std::string::npos;
}

void take(Contender& contender, const Drain& drained) {
  const double each_100_000 = 100'000 / static_cast<double>(drained.rows);
  contender.rates.add(drained.rows_per_second());
  contender.reported.add(drained.reported_rows_per_second());
  contender.own_cpu.add(drained.cpu.own * each_100_000);
  contender.postgres_cpu.add(drained.cpu.postgres * each_100_000);
  contender.redis_cpu.add(drained.cpu.redis * each_100_000);
}

/// The databases of the section.
struct Tables {
  test::Database as_it_stands;
  std::optional<test::Database> tuned;
};

std::vector<Contender> contenders(World& world, const Options& options, const Tables& tables, int batch) {
  const auto daemon = [&world, &options, batch](const test::Database& database) {
    return drain(world, database, {.batch = batch, .rows = options.rows, .longest = options.longest_run});
  };
  std::vector<Contender> all;
  all.push_back({"(a) the contract's two statements", tables.as_it_stands,
                 [&world, batch](const auto& database) { return contract_statements(world, database, batch); }});
  all.push_back({"(b) the daemon's own statements", tables.as_it_stands,
                 [&world, batch](const auto& database) { return daemon_statements(world, database, batch); }});
  all.push_back({"(c) pipelined XADD", tables.as_it_stands, [&world, batch](const auto& database) {
                   return xadd_alone(world, encode_all(world, database).entries, batch);
                 }});
  all.push_back({"encoding and signing", tables.as_it_stands,
                 [&world](const auto& database) { return encode_all(world, database).encoding; }});
  all.push_back({"**outboxd**, table as it stands", tables.as_it_stands, daemon, 1.0});
  all.push_back({"**outboxd**, `migrate --tune`", tables.tuned, daemon, 1.4});
  return all;
}

void run_rounds(World& world, const Options& options, std::vector<Contender>& all) {
  for (int round = 0; round < options.rounds; ++round) {
    for (std::size_t i = 0; i < all.size(); ++i) {
      // In alternating order, so that no contender gains if the machine becomes slower or faster.
      auto& contender = all[round % 2 == 0 ? i : all.size() - 1 - i];
      if (!contender.database) continue;
      world.prepare(*contender.database, "event_outbox", {insert_events_sql(options.rows)});
      take(contender, contender.run(*contender.database));
      progress(contender.what + ": " + std::to_string(std::lround(contender.rates.values().back())) + " rows/s");
    }
  }
}

std::vector<Value> line(const Contender& contender, const Contender& floor, std::int64_t batch) {
  if (!contender.database) {
    return {contender.what, batch, "not there", {}, {}, {}, {}, {}, {}, {}};
  }
  const auto to_floor = ratio(contender.rates, floor.rates);
  Value goal;
  Value met;
  if (contender.goal) {
    goal = "≥ " + with_one_decimal(*contender.goal);
    met = to_floor.median() >= *contender.goal;
  }
  return {contender.what,
          batch,
          contender.rates,
          to_floor,
          goal,
          met,
          contender.own_cpu,
          contender.postgres_cpu,
          contender.redis_cpu,
          contender.goal ? Value{contender.reported} : Value{}};
}

}  // namespace

Section throughput(World& world, const Options& options) {
  Section section{
      .name = "throughput",
      .title = "Throughput",
      .how = "A backlog of " + std::to_string(options.rows) +
             " rows, one process. The ratio is to floor (a) of the same batch size and round. CPU is in seconds for "
             "100,000 rows; \"own\" is the daemon's, or of a floor that of the thread that runs it.",
      .columns = {{"what", "what"},
                  {"batch", "batch"},
                  {"rows_per_second", "rows/s"},
                  {"ratio_to_floor_a", "÷ (a)", 2},
                  {"goal", "goal"},
                  {"goal_met", "met"},
                  {"own_cpu_seconds_per_100000", "own CPU", 2},
                  {"postgres_cpu_seconds_per_100000", "Postgres' CPU", 2},
                  {"redis_cpu_seconds_per_100000", "Redis' CPU", 2},
                  {"reported_rows_per_second", "rows/s with its start"}},
      .rows = {}};
  Tables tables{world.contract_database(), std::nullopt};
  if (knows_tuning()) tables.tuned = world.migrated_database({"--tune"});
  for (const int batch : options.batches) {
    auto all = contenders(world, options, tables, batch);
    progress("throughput, batch " + std::to_string(batch));
    run_rounds(world, options, all);
    for (const auto& contender : all) section.rows.push_back(line(contender, all.front(), batch));
  }
  return section;
}

}  // namespace outboxd::bench
