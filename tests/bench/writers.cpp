// SPDX-License-Identifier: Apache-2.0
// What writers pay for wake-ups: the same inserts into a table that has them and one that hasn't.
#include "bench/daemon.hpp"
#include "bench/events.hpp"
#include "bench/sections.hpp"

#include <array>
#include <cmath>
#include <memory>
#include <optional>
#include <regex>
#include <stdexcept>

namespace outboxd::bench {
namespace {

constexpr int kClients = 16;

std::string insert_script() {
  // Ids as they come: a time first.
  return "INSERT INTO event_outbox (id, stream_name, payload_json) SELECT to_hex((extract(epoch FROM "
         "clock_timestamp()) * 1000000)::bigint) || '-' || :client_id || '-' || n, " +
         EventSql::stream() + ", " + EventSql::payload() +
         " FROM (SELECT (random() * 1000000000)::bigint) AS one (n);\n";
}

/// Transactions a second.
double pgbench(const World& world, const test::Database& database, std::chrono::seconds time) {
  const test::TempDir folder;
  const auto file = folder.write("insert.sql", insert_script());
  const auto seconds = std::to_string(time.count());
  test::Child child({.command = {(test::postgres_programs() / "pgbench").string(), "--no-vacuum", "--client",
                                 std::to_string(kClients), "--jobs", "2", "--time", seconds, "--protocol", "prepared",
                                 "--file", file.string(), world.database_url(database)},
                     .environment = {{"LC_ALL", "C"}},
                     .folder = folder.path()});
  const int status = child.wait(time + std::chrono::seconds(60));
  const auto out = child.out();
  std::smatch found;
  if (status != 0 || !std::regex_search(out, found, std::regex("tps = ([0-9.]+)"))) {
    throw std::runtime_error("pgbench failed:\n" + out + child.err());
  }
  return std::stod(found[1]);
}

enum class Daemon { none, keeping_up, behind };

struct Situation {
  std::string what;
  Daemon daemon;
  Series without{};
  Series with{};
};

double run(World& world, const Options& options, const test::Database& database, Daemon state) {
  world.prepare(database, "event_outbox", {});
  const auto daemon = state == Daemon::none ? std::unique_ptr<test::Child>{} : start_daemon(world, database);
  if (state == Daemon::behind) {
    // More than it can empty meanwhile at a modest batch.
    run_each(database, {insert_events_sql(options.window.count() * 20'000)});
  }
  return pgbench(world, database, options.window);
}

}  // namespace

Section writers(World& world, const Options& options) {
  Section section{
      .name = "writers",
      .title = "What writers pay",
      .how = "pgbench inserts single rows by " + std::to_string(kClients) + " clients for " +
             std::to_string(options.window.count()) +
             " s, alternately into a table as it stands and into one that `outboxd migrate --wake-ups` has given "
             "wake-ups; transactions a second, and the ratio with to without, round by round.",
      .columns = {{"what", "what"},
                  {"without_tps", "as it stands"},
                  {"with_tps", "with wake-ups"},
                  {"ratio", "ratio", 3}},
      .rows = {}};
  progress("writers");
  const auto as_it_stands = world.contract_database();
  const auto migrated = world.migrated_database({"--wake-ups"});
  const bool there = has_wake_ups(migrated);
  std::array situations{Situation{"no dispatcher", Daemon::none},
                        Situation{"a dispatcher keeps up", Daemon::keeping_up},
                        Situation{"a dispatcher is behind", Daemon::behind}};
  for (int round = 0; round < options.rounds; ++round) {
    for (auto& one : situations) {
      const auto without = [&] { one.without.add(run(world, options, as_it_stands, one.daemon)); };
      if (round % 2 == 0) without();
      if (there) one.with.add(run(world, options, migrated, one.daemon));
      if (round % 2 != 0) without();
      progress(one.what + ": " + std::to_string(std::lround(one.without.values().back())) + " tps as it stands" +
               (there ? ", " + std::to_string(std::lround(one.with.values().back())) + " with wake-ups" : ""));
    }
  }
  for (const auto& one : situations) {
    if (there) {
      section.rows.push_back({one.what, one.without, one.with, ratio(one.with, one.without)});
    } else {
      section.rows.push_back({one.what, one.without, "not there", {}});
    }
  }
  return section;
}

}  // namespace outboxd::bench
