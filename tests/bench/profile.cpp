// SPDX-License-Identifier: Apache-2.0
// A profile of the daemon's CPU time.
#include "bench/drain.hpp"
#include "bench/events.hpp"
#include "bench/sections.hpp"

#include <algorithm>
#include <filesystem>
#include <stdexcept>

namespace outboxd::bench {
namespace {

/// perf if the kernel allows it, else valgrind, which counts instructions at a fiftieth of the speed.
std::vector<std::string> profiler(const std::string& file) {
  try {
    std::vector<std::string> perf{test::find_program("perf"),
                                  "record",
                                  "--quiet",
                                  "-e",
                                  "cpu-clock",
                                  "-F",
                                  "999",
                                  "--call-graph",
                                  "dwarf,16384",
                                  "-o",
                                  file,
                                  "--"};
    auto trial = perf;
    *std::ranges::find(trial, file) = "/dev/null";
    trial.push_back(test::find_program("true"));
    test::Child child({.command = trial});
    if (child.wait() == 0) return perf;
  } catch (const std::runtime_error&) {
    // Not installed.
  }
  return {test::find_program("valgrind"), "--tool=callgrind", "--callgrind-out-file=" + file};
}

}  // namespace

void profile(World& world, const Options& options) {
  const auto file = std::filesystem::absolute(options.profile_file).string();
  const auto launcher = profiler(file);
  const auto batch = *std::ranges::max_element(options.batches);
  const auto database = world.contract_database();
  world.prepare(database, "event_outbox", {insert_events_sql(options.rows)});
  progress("one drain of " + std::to_string(options.rows) + " rows, batch " + std::to_string(batch) + ", under " +
           launcher.front());
  static_cast<void>(drain(
      world, database, {.batch = batch, .rows = options.rows, .longest = options.longest_run, .launcher = launcher}));
  const bool by_perf = launcher.front().ends_with("perf");
  progress("Recorded. To read it: " +
           (by_perf ? "perf report --no-children -i " + file : "callgrind_annotate " + file));
}

}  // namespace outboxd::bench
