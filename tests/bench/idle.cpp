// SPDX-License-Identifier: Apache-2.0
#include "bench/cpu.hpp"
#include "bench/daemon.hpp"
#include "bench/drain.hpp"
#include "bench/events.hpp"
#include "bench/sections.hpp"

#include <csignal>
#include <stdexcept>
#include <thread>

namespace outboxd::bench {
namespace {

constexpr double kMebibyte = 1024.0 * 1024.0;

struct Idling {
  Series daemon_percent;
  Series postgres_percent;
  Series resident;
};

void idle_once(World& world, const Options& options, const test::Database& database, Idling& idling) {
  world.prepare(database, "event_outbox", {});
  const auto daemon = start_daemon(world, database);
  const auto backends = backends_of(database);
  const auto cpu_of_backends = [&backends] {
    double sum = 0;
    for (const auto pid : backends) sum += cpu_of(pid);
    return sum;
  };
  const double daemon_before = cpu_of(daemon->pid());
  const double backends_before = cpu_of_backends();
  std::this_thread::sleep_for(options.window);
  const auto seconds = std::chrono::duration<double>(options.window).count();
  idling.daemon_percent.add(100 * (cpu_of(daemon->pid()) - daemon_before) / seconds);
  idling.postgres_percent.add(100 * (cpu_of_backends() - backends_before) / seconds);
  idling.resident.add(static_cast<double>(resident_bytes(daemon->pid())) / kMebibyte);
  daemon->signal(SIGTERM);
  if (const int status = daemon->wait(); status != 0) {
    throw std::runtime_error("outboxd ended with " + std::to_string(status) + ":\n" + daemon->err());
  }
}

}  // namespace

Section idle(World& world, const Options& options) {
  constexpr int kLargestBatch = 500;
  const std::int64_t many = 10 * options.rows;
  Section section{.name = "idle",
                  .title = "CPU when idle, and memory",
                  .how = "Idle: an empty table for " + options.seconds() +
                         " s, profile api; percent of one core, of the daemon and of the Postgres processes that "
                         "serve it. Busy: the largest that the daemon was while it emptied a backlog of " +
                         std::to_string(many) + " rows in batches of 500.",
                  .columns = {{"what", "what"},
                              {"daemon_cpu_percent", "daemon's CPU, %", 2},
                              {"postgres_cpu_percent", "its Postgres', %", 2},
                              {"resident_mib", "memory, MiB", 1}},
                  .rows = {}};
  progress("idle");
  const auto database = world.contract_database();
  Idling idling;
  Series most;
  for (int round = 0; round < options.rounds; ++round) {
    idle_once(world, options, database, idling);
    world.prepare(database, "event_outbox", {insert_events_sql(many)});
    const auto drained =
        drain(world, database, {.batch = kLargestBatch, .rows = many, .longest = options.longest_run});
    most.add(static_cast<double>(drained.most_resident_bytes) / kMebibyte);
  }
  section.rows = {{"idle", idling.daemon_percent, idling.postgres_percent, idling.resident},
                  {"busy (largest)", {}, {}, most}};
  return section;
}

}  // namespace outboxd::bench
