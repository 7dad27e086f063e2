// SPDX-License-Identifier: Apache-2.0
#include "daemon/doctor/examinations.hpp"

#include <array>

namespace outboxd::daemon::doctor {
namespace {

// The list of what is examined: a new subject is a line here.

constexpr auto kOfHost = std::to_array<Findings (*)(const HostFacts&)>({
    signing_of,
    configuration_of,
    daemon_of,
    shared_tables_of,
});

constexpr auto kOfPostgres = std::to_array<Findings (*)(const PostgresFacts&)>({
    server_of,
    connections_of,
    shape_of,
    rows_of,
    locks_of,
    snapshots_of,
    indexes_of,
    triggers_of,
    storage_of,
    workers_of,
    durability_of,
    network_of,
});

constexpr auto kOfRedis = std::to_array<Findings (*)(const RedisFacts&)>({
    writes_of,
    memory_of,
    eviction_of,
    persistence_of,
    replication_of,
    cluster_of,
    clients_of,
    groups_of,
    topology_of,
    version_of,
    network_of,
    rights_of,
});

constexpr auto kOfAll = std::to_array<Findings (*)(const Facts&)>({
    streams_taken_of,
    clocks_of,
});

/// A server that can't be asked has one finding.
template <class Server, class Examinations>
void examine_server(const Server& facts, const Examinations& examinations, Findings& findings) {
  append(findings, reachability_of(facts));
  if (!facts.unreachable.empty()) return;
  for (const auto examination : examinations) append(findings, examination(facts));
}

}  // namespace

Findings examine(const Facts& facts) {
  Findings findings;
  for (const auto examination : kOfHost) append(findings, examination(facts.host));
  for (const auto& server : facts.postgres) examine_server(server, kOfPostgres, findings);
  for (const auto& server : facts.redis) examine_server(server, kOfRedis, findings);
  for (const auto examination : kOfAll) append(findings, examination(facts));
  return findings;
}

}  // namespace outboxd::daemon::doctor
