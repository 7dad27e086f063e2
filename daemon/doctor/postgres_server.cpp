// SPDX-License-Identifier: Apache-2.0
// Whether Postgres answers, takes writes, keeps commits, and has connections left.
#include "daemon/doctor/examinations.hpp"
#include "daemon/doctor/words.hpp"
#include "postgres/sqlstate.hpp"

#include <algorithm>

namespace outboxd::daemon::doctor {
namespace {

/// One each for claims, settlements and the watch, and one for the retention.
int sessions_of(const DispatcherFacts& dispatcher) {
  return dispatcher.deletes_published_rows ? 4 : 3;
}

constexpr int kOldestMaintained = 150'000;

constexpr const char* kTooManyConnections = "53300";

Finding not_known(const PostgresFacts& facts, const std::string& check) {
  return unknown(check, facts.server, facts.settings.why_not);
}

std::string why_not_connected(const std::string& sqlstate) {
  if (sqlstate == kTooManyConnections) {
    return "all connection slots are taken: the daemon can't connect either, once it has lost its connections";
  }
  if (sqlstate.starts_with("28")) return "the login is refused; nothing is claimed";
  if (sqlstate == "3D000") return "the database that postgres.url names is not there";
  if (sqlstate == "57P03") return "it starts or stops; claims go on when it accepts connections";
  return "nothing is claimed while it can't be reached";
}

std::string remedy_for(const PostgresFacts& facts) {
  if (facts.sqlstate == kTooManyConnections) {
    return facts.as_superuser(
               "SELECT usename, application_name, state, count(*) FROM pg_stat_activity GROUP BY 1, 2, 3 "
               "ORDER BY 4 DESC") +
           "  # superusers have reserved slots: end the idle ones (SELECT pg_terminate_backend(pid)), lower "
           "the pool that keeps them, or raise max_connections and restart";
  }
  const std::string meaning{postgres::meaning_of_sqlstate(facts.sqlstate).remedy};
  return facts.as_daemon("SELECT 1") + "  # " +
         (meaning.empty() ? "is it running, is the address in postgres.url right, does a firewall let it through?"
                          : meaning);
}

}  // namespace

Findings reachability_of(const PostgresFacts& facts) {
  Finding finding{.check = "postgres.connection", .subject = facts.server, .seen = "it answers"};
  if (facts.unreachable.empty()) return {finding};
  finding.severity = Severity::critical;
  finding.seen = facts.unreachable;
  finding.why = why_not_connected(facts.sqlstate);
  finding.remedy = remedy_for(facts);
  return {finding};
}

Findings server_of(const PostgresFacts& facts) {
  if (!facts.settings.known) return {not_known(facts, "postgres.primary")};
  const auto& server = *facts.settings.known;
  Finding version{.check = "postgres.version", .subject = facts.server, .seen = "Postgres " + server.version};
  if (server.version_number < kOldestMaintained) {
    version.severity = Severity::note;
    version.why = "this version is no longer maintained, or will soon not be";
    version.remedy = "pg_upgradecluster  # or your service's upgrade, to Postgres 15 or later";
  }
  Finding primary{.check = "postgres.primary", .subject = facts.server, .seen = "it takes writes"};
  if (server.in_recovery) {
    primary.severity = Severity::critical;
    primary.seen = "it is a standby (pg_is_in_recovery)";
    primary.why = "a standby is read-only: nothing can be claimed";
    primary.remedy =
        "name all hosts in postgres.url, with ?target_session_attrs=read-write; or, only if the primary is gone for "
        "good, promote "
        "this one: " +
        facts.as_superuser("SELECT pg_promote()");
  } else if (server.read_only == "on") {
    primary.severity = Severity::critical;
    primary.seen = "sessions of role " + server.role + " are read-only (default_transaction_read_only)";
    primary.why = "nothing can be claimed";
    primary.remedy = facts.as_superuser("ALTER ROLE \"" + server.role + "\" SET default_transaction_read_only = off");
  }
  return {primary, version};
}

Findings durability_of(const PostgresFacts& facts) {
  if (!facts.settings.known) return {not_known(facts, "postgres.synchronous_commit")};
  const auto& server = *facts.settings.known;
  Finding commit{.check = "postgres.synchronous_commit",
                 .subject = facts.server,
                 .seen = "synchronous_commit " + server.synchronous_commit};
  if (server.synchronous_commit == "off") {
    commit.severity = Severity::warning;
    commit.why =
        "if writers have it, too, a crash of Postgres loses their last commits, and the rows in them are "
        "never published (outboxd sets it off for its own statements alone)";
    commit.remedy = facts.as_superuser("ALTER SYSTEM SET synchronous_commit = on") + " -c 'SELECT pg_reload_conf()'";
  }
  Findings findings{commit};
  const auto check = [&](const std::string& name, const std::string& value) {
    if (value != "off") return;
    findings.push_back(
        {.check = "postgres." + name,
         .severity = Severity::warning,
         .subject = facts.server,
         .seen = name + " off",
         .why = "a crash of the machine can destroy the database, its outbox included",
         .remedy = facts.as_superuser("ALTER SYSTEM SET " + name + " = on") + " -c 'SELECT pg_reload_conf()'"});
  };
  check("fsync", server.fsync);
  check("full_page_writes", server.full_page_writes);
  return findings;
}

Findings connections_of(const PostgresFacts& facts) {
  if (!facts.settings.known) return {not_known(facts, "postgres.connection_slots")};
  const auto& server = *facts.settings.known;
  Finding finding{.check = "postgres.connection_slots",
                  .subject = facts.server,
                  .seen = std::to_string(std::max<std::int64_t>(0, server.slots_left)) + " of " +
                          std::to_string(server.slots) + " connection slots are left for role " + server.role};
  if (server.slots_left >= sessions_of(facts.dispatcher)) return {finding};
  finding.severity = server.slots_left <= 0 ? Severity::critical : Severity::warning;
  finding.why = "a dispatcher needs up to " + std::to_string(sessions_of(facts.dispatcher)) +
                ", and can't connect again after a lost connection when all are taken";
  finding.remedy = facts.as_superuser(
                       "SELECT usename, application_name, state, count(*) FROM pg_stat_activity GROUP BY 1, "
                       "2, 3 ORDER BY 4 DESC") +
                   "  # end idle sessions (SELECT pg_terminate_backend(pid)), lower the pool that keeps them, or " +
                   "raise max_connections (or the role's or database's CONNECTION LIMIT)";
  return {finding};
}

Findings network_of(const PostgresFacts& facts) {
  Finding pooler{.check = "postgres.pooler", .subject = facts.server, .seen = "no transaction pooler in between"};
  if (facts.pooled) {
    pooler.severity = Severity::note;
    pooler.seen = "a pooler lends out its sessions for a transaction at a time";
    pooler.why =
        "no wake-ups, two more round trips for each statement, and a dead worker's rows wait for their "
        "lease's end";
    pooler.remedy = "point postgres.url at Postgres itself, if that matters";
  }
  Findings findings{pooler};
  if (!facts.settings.known) {
    findings.push_back(not_known(facts, "postgres.tls"));
    return findings;
  }
  const auto& server = *facts.settings.known;
  Finding tls{.check = "postgres.tls", .subject = facts.server, .seen = "TLS in use: " + server.tls};
  if (server.tls.empty()) {
    tls.seen = "a local connection, without TLS";
    if (!server.local) {
      tls.severity = Severity::warning;
      tls.seen = "no TLS";
      tls.why = "rows and logins can be read and changed on the network";
      tls.remedy = "set sslmode=verify-full and sslrootcert=FILE in postgres.url (deploy/SECURITY.md)";
    }
  }
  findings.push_back(tls);
  return findings;
}

}  // namespace outboxd::daemon::doctor
