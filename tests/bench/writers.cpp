// SPDX-License-Identifier: Apache-2.0
// The cost of wake-ups for writers: the same inserts into a table with and without them.
#include "bench/daemon.hpp"
#include "bench/events.hpp"
#include "bench/sections.hpp"

#include <algorithm>
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
  // Rising ids, as services have them: each begins with a time.
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

double run(World& world, std::chrono::seconds time, const test::Database& database, Daemon state) {
  // Autovacuum would disturb some runs and not others.
  world.prepare(database, "event_outbox", {"ALTER TABLE event_outbox SET (autovacuum_enabled = off)"});
  const auto daemon = state == Daemon::none ? std::unique_ptr<test::Child>{} : start_daemon(world, database);
  if (state == Daemon::behind) {
    // More rows than the daemon can drain meanwhile with a small batch.
    run_each(database, {insert_events_sql(time.count() * 20'000)});
  }
  return pgbench(world, database, time);
}

/// Runs each twice, in an order in which both have the same average position, as the machine may become slower or
/// faster.
void alternate(World& world, std::chrono::milliseconds window, const test::Database& as_it_stands,
               const test::Database& migrated, Situation& situation) {
  const auto time = std::max(std::chrono::floor<std::chrono::seconds>(window / 2), std::chrono::seconds{1});
  const auto without = [&] { return run(world, time, as_it_stands, situation.daemon); };
  const auto with = [&] { return run(world, time, migrated, situation.daemon); };
  const double without_first = without();
  if (has_wake_ups(migrated)) situation.with.add((with() + with()) / 2);
  situation.without.add((without_first + without()) / 2);
}

}  // namespace

Section writers(World& world, const Options& options) {
  Section section{
      .name = "writers",
      .title = "The cost of wake-ups for writers",
      .how =
          "pgbench inserts single rows by " + std::to_string(kClients) + " clients for " + options.seconds() +
          " s each into a table as it stands and into one that `outboxd migrate --wake-ups` has given wake-ups (half "
          "of it, twice the other, half of it; without autovacuum); transactions a second, and the ratio with to "
          "without, round by round.",
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
  for (int i = 0; i < options.rounds; ++i) {
    for (auto& one : situations) {
      alternate(world, options.window, as_it_stands, migrated, one);
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
