// SPDX-License-Identifier: Apache-2.0
#include "daemon/doctor/examinations.hpp"

#include <array>
#include <string>
#include <utility>

namespace outboxd::daemon::doctor {
namespace {

// The list of what is examined: a new subject is a line here.

template <class Facts>
struct Examination {
  Findings (*findings_of)(const Facts&);
  /// Its name where it finds nothing.
  const char* check;
};

constexpr auto kOfHost = std::to_array<Examination<HostFacts>>({
    {signing_of, "host.signing_key"},
    {configuration_of, "host.configuration"},
    {daemon_of, "host.daemon"},
    {shared_tables_of, "host.dispatchers"},
});

constexpr auto kOfPostgres = std::to_array<Examination<PostgresFacts>>({
    {server_of, "postgres.version"},
    {connections_of, "postgres.connection_slots"},
    {shape_of, "postgres.table"},
    {rows_of, "postgres.rows"},
    {locks_of, "postgres.lock"},
    {snapshots_of, "postgres.snapshot"},
    {indexes_of, "postgres.index"},
    {triggers_of, "postgres.trigger"},
    {storage_of, "postgres.vacuum"},
    {workers_of, "postgres.dispatchers"},
    {durability_of, "postgres.synchronous_commit"},
    {network_of, "postgres.tls"},
});

constexpr auto kOfRedis = std::to_array<Examination<RedisFacts>>({
    {writes_of, "redis.writes"},
    {memory_of, "redis.memory"},
    {eviction_of, "redis.maxmemory_policy"},
    {persistence_of, "redis.persistence"},
    {replication_of, "redis.replication"},
    {cluster_of, "redis.cluster"},
    {clients_of, "redis.clients"},
    {groups_of, "redis.group"},
    {signatures_of, "redis.signatures"},
    {topology_of, "redis.topology"},
    {version_of, "redis.version"},
    {network_of, "redis.latency"},
    {rights_of, "redis.rights"},
});

constexpr auto kOfAll = std::to_array<Examination<Facts>>({
    {streams_taken_of, "postgres.streams_taken"},
    {clocks_of, "host.clocks"},
});

/// An examination that has nothing to say is shown, too, to those who ask for all.
template <class Facts, class Examinations>
void examine_with(const Examinations& examinations, const Facts& facts, const std::string& subject,
                  Findings& findings) {
  for (const auto& [findings_of, check] : examinations) {
    auto found = findings_of(facts);
    if (found.empty()) found.push_back({.check = check, .subject = subject, .seen = "nothing was found"});
    append(findings, std::move(found));
  }
}

/// A server that can't be asked has one finding.
template <class Server, class Examinations>
void examine_server(const Server& facts, const Examinations& examinations, Findings& findings) {
  append(findings, reachability_of(facts));
  if (!facts.unreachable.empty()) return;
  examine_with(examinations, facts, facts.server, findings);
}

}  // namespace

Findings examine(const Facts& facts) {
  Findings findings;
  examine_with(kOfHost, facts.host, "this machine", findings);
  for (const auto& server : facts.postgres) examine_server(server, kOfPostgres, findings);
  for (const auto& server : facts.redis) examine_server(server, kOfRedis, findings);
  examine_with(kOfAll, facts, "all servers", findings);
  return findings;
}

}  // namespace outboxd::daemon::doctor
