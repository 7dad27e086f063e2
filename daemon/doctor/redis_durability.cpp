// SPDX-License-Identifier: Apache-2.0
// Whether Redis keeps what it has answered: eviction, persistence, replicas.
#include "daemon/doctor/examinations.hpp"

namespace outboxd::daemon::doctor {
namespace {

/// The server refuses writes since it could not write to its own disk.
void add_failed_writes(const RedisFacts& facts, Findings& findings) {
  const auto failed = [&](const char* field, Severity severity, const std::string& what, const std::string& why) {
    if (facts.field(field) != "err") return;
    findings.push_back({.check = "redis.persistence",
                        .severity = severity,
                        .subject = facts.server,
                        .seen = "the last " + what + " failed (" + field + ":err)",
                        .why = why,
                        .remedy = "df -h  # on Redis' machine: free its disk, and read Redis' log; then " +
                                  facts.as_administrator() + " BGSAVE"});
  };
  failed("aof_last_write_status", Severity::critical, "write to the append-only file",
         "Redis answers writes with MISCONF until one succeeds");
  failed("rdb_last_bgsave_status", Severity::warning, "snapshot to disk",
         "with stop-writes-on-bgsave-error, Redis answers writes with MISCONF until one succeeds");
}

}  // namespace

Findings eviction_of(const RedisFacts& facts) {
  const std::string check = "redis.maxmemory_policy";
  const auto policy = facts.setting("maxmemory-policy");
  if (!policy) return {};
  Finding finding{.check = check, .subject = facts.server, .seen = "maxmemory-policy " + *policy};
  if (*policy == "noeviction") return {finding};
  const bool only_with_expiry = policy->starts_with("volatile-");
  const auto evicted = facts.number("evicted_keys").value_or(0);
  if (evicted > 0) finding.seen += ", and " + std::to_string(evicted) + " keys were evicted since its start";
  finding.severity = only_with_expiry && evicted == 0 ? Severity::warning : Severity::critical;
  finding.why = only_with_expiry ? "a full Redis drops keys that expire, a stream with an expiry among them; others "
                                   "are safe"
                                 : "a full Redis drops whole streams, with entries that nobody has read and with "
                                   "their consumer groups";
  finding.remedy = facts.change_of("maxmemory-policy noeviction");
  return {finding};
}

Findings persistence_of(const RedisFacts& facts) {
  Findings findings;
  const auto appendonly = facts.setting("appendonly");
  if (appendonly) {
    Finding finding{.check = "redis.appendonly", .subject = facts.server, .seen = "appendonly " + *appendonly};
    if (*appendonly != "yes") {
      finding.severity = Severity::warning;
      finding.why = "a restart loses the entries since the last snapshot, which were marked published already";
      finding.remedy = facts.change_of("appendonly yes");
    }
    findings.push_back(finding);
  }
  const auto fsync = facts.setting("appendfsync");
  if (fsync) {
    Finding finding{.check = "redis.appendfsync", .subject = facts.server, .seen = "appendfsync " + *fsync};
    if (*fsync != "everysec" && *fsync != "always") {
      finding.severity = Severity::warning;
      finding.why = "a crash of the machine loses as much as its kernel had not written, half a minute or more";
      finding.remedy = facts.change_of("appendfsync everysec");
    }
    findings.push_back(finding);
  }
  add_failed_writes(facts, findings);
  return findings;
}

Findings replication_of(const RedisFacts& facts) {
  const std::string check = "redis.replication";
  const auto role = facts.field("role");
  if (!role) return {};
  Finding finding{.check = check, .subject = facts.server};
  if (*role == "slave" || *role == "replica") {
    const auto master = facts.field("master_host").value_or("?") + ":" + facts.field("master_port").value_or("?");
    finding.severity = Severity::critical;
    finding.seen = "it is a replica of " + master;
    finding.why = "a replica answers writes with READONLY, so that nothing is published";
    finding.remedy = "point redis.url (REDIS_URL) at " + master +
                     ", or, only if that one is gone for good, promote this one: " + facts.as_administrator() +
                     " REPLICAOF NO ONE";
    return {finding};
  }
  const auto replicas = facts.number("connected_slaves").value_or(0);
  const auto good = facts.number("min_slaves_good_slaves");
  const auto wanted = facts.setting("min-replicas-to-write");
  finding.seen = std::to_string(replicas) + (replicas == 1 ? " replica is" : " replicas are") +
                 " connected; min-replicas-to-write " + wanted.value_or("can't be known here");
  const auto least = std::strtoull(wanted.value_or("0").c_str(), nullptr, 10);
  if (least > 0 && good.value_or(replicas) < least) {
    finding.severity = Severity::critical;
    finding.why = "with fewer good replicas than that, Redis answers writes with NOREPLICAS";
    finding.remedy = "start the missing replicas, or until then: " + facts.as_administrator() +
                     " CONFIG SET min-replicas-to-write 0";
  } else if (replicas == 0) {
    finding.severity = Severity::note;
    finding.why = "if the machine is lost, its entries are lost with it";
    finding.remedy = facts.cli +
                     " INFO replication  # if that matters, make an empty second server its replica, by REPLICAOF " +
                     facts.host + " PORT there: what that server holds is dropped";
  } else if (wanted && least == 0) {
    finding.severity = Severity::note;
    finding.why = "writes that no replica has yet are lost in a failover";
    finding.remedy = replicas >= 2
                         ? facts.change_of("min-replicas-to-write 1")
                         : facts.cli +
                               " INFO replication  # add a second replica before min-replicas-to-write 1: with "
                               "this one alone, its loss would stop all writes";
  }
  return {finding};
}

}  // namespace outboxd::daemon::doctor
