// SPDX-License-Identifier: Apache-2.0
#include "bench/facts.hpp"

#include "bench/events.hpp"
#include "support/temp_dir.hpp"

#include <sstream>
#include <sys/utsname.h>
#include <thread>

namespace outboxd::bench {
namespace {

std::string cpu_name() {
  std::istringstream info(test::read_file("/proc/cpuinfo"));
  for (std::string line; std::getline(info, line);) {
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  }
  return "unknown";
}

}  // namespace

Facts facts_about(World& world, const Options& options) {
  std::string load;
  std::istringstream(test::read_file("/proc/loadavg")) >> load;
  utsname system{};
  ::uname(&system);
  const auto database = world.contract_database();
  run_each(database, {insert_events_sql(1'000)});
  auto version = test::run_outboxd({"--version"}).out;
  while (version.ends_with('\n')) version.pop_back();
  const auto info = world.redis().probe().command("INFO", "server").text;
  const std::string key = "redis_version:";
  const auto at = info.find(key) + key.size();
  return {
      {"outboxd", version},
      {"machine", std::to_string(std::thread::hardware_concurrency()) + " cores, " + cpu_name() + ", Linux " +
                      static_cast<const char*>(system.release)},
      {"Postgres", database.scalar("SHOW server_version") + ", fsync " + database.scalar("SHOW fsync") +
                       ", synchronous_commit " + database.scalar("SHOW synchronous_commit") + ", shared_buffers " +
                       database.scalar("SHOW shared_buffers") + ", max_wal_size " +
                       database.scalar("SHOW max_wal_size") + ", autovacuum " + database.scalar("SHOW autovacuum")},
      {"Redis", info.substr(at, info.find('\r', at) - at) + ", appendonly yes, appendfsync everysec"},
      {"connections", options.sockets ? "Unix sockets" : "loopback TCP"},
      {"payload", database.scalar("SELECT round(avg(octet_length(payload_json::text))) FROM event_outbox") +
                      " bytes on average, four streams, signed"},
      {"load of the machine before", load},
      {"rounds", std::to_string(options.rounds)}};
}

}  // namespace outboxd::bench
