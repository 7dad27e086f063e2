// SPDX-License-Identifier: Apache-2.0
// Whether Redis answers, what it is, and how it is reached.
#include "daemon/doctor/examinations.hpp"
#include "daemon/doctor/words.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <compare>
#include <string_view>

namespace outboxd::daemon::doctor {
namespace {

using Version = std::array<int, 3>;

/// "7.4.2": missing parts are 0.
Version version_in(std::string_view text) {
  Version version{};
  for (auto& part : version) {
    const auto read = std::from_chars(text.data(), text.data() + text.size(), part);
    text.remove_prefix(static_cast<std::size_t>(read.ptr - text.data()));
    if (!text.starts_with('.')) break;
    text.remove_prefix(1);
  }
  return version;
}

/// Versions from `first` on and before `fixed` have a fault.
struct Fault {
  Version first;
  Version fixed;
  Severity severity;
  std::string_view what;
};

// From the release notes of Redis. Lags are only shown and warned of; nothing here depends on IDMP or WAITAOF.
constexpr std::array kFaults{
    Fault{{0, 0, 0}, {5, 0, 0}, Severity::critical, "it has no streams (since 5.0)"},
    Fault{{5, 0, 0},
          {7, 0, 0},
          Severity::note,
          "it doesn't count the lag of consumer groups (since 7.0), so that only ids show how far they have read"},
    Fault{
        {7, 0, 0},
        {7, 4, 5},
        Severity::note,
        "it reports the lag of a consumer group wrongly after entries were deleted or trimmed (redis#13338, #13957)"},
    Fault{{7, 4, 0}, {7, 4, 3}, Severity::note, "WAITAOF answers too early with appendfsync everysec (redis#13793)"},
    Fault{{8, 2, 0},
          {8, 2, 3},
          Severity::warning,
          "XACKDEL of a consumer can run foreign code in the server (CVE-2025-62507)"},
    Fault{{8, 2, 0}, {8, 2, 7}, Severity::note, "trimming with ACKED or DELREF deletes nothing (redis#14656)"},
    Fault{{8, 4, 0}, {8, 4, 4}, Severity::note, "trimming with ACKED or DELREF deletes nothing (redis#14656)"},
    Fault{{8, 6, 0},
          {8, 6, 2},
          Severity::note,
          "idempotent XADD (IDMP) can lose its memory when the append-only file is rewritten (redis#14794)"},
};

std::string text_of(const Version& version) {
  return std::to_string(version[0]) + "." + std::to_string(version[1]) + "." + std::to_string(version[2]);
}

/// Redis ends surplus connections at once, often before its reason can be read.
bool was_ended_at_once(const std::string& reason) {
  const auto has = [&reason](std::string_view part) { return reason.find(part) != std::string::npos; };
  return has("lost while") && (has("reset") || has("closed") || has("Broken pipe"));
}

/// Why Redis doesn't serve, by the words of its answer.
struct Cause {
  std::string_view words;
  std::string_view why;
};

constexpr std::array kCauses{
    Cause{"max number of clients", "all its connections (maxclients) are taken; nothing is published"},
    Cause{"MISCONF", "it could not write to its disk, and refuses all writes since; rows wait until it can"},
    Cause{"BUSY ", "a script keeps it busy, and it answers nothing else; rows wait until the script ends"},
    Cause{"DENIED",
          "it is in protected mode: without a password it serves its own machine alone; nothing is published"},
    Cause{"LOADING", "it loads its data after a start; rows wait until it is done"},
    Cause{"NOAUTH", "the login is refused; nothing is published"},
    Cause{"WRONGPASS", "the login is refused; nothing is published"},
    Cause{"AUTH", "the login is refused; nothing is published"},
};

const Cause* cause_of(const std::string& reason) {
  const auto* const found = std::ranges::find_if(
      kCauses, [&reason](const auto& cause) { return reason.find(cause.words) != std::string::npos; });
  return found == kCauses.end() ? nullptr : &*found;
}

std::string why_unreachable(const std::string& reason) {
  if (const auto* cause = cause_of(reason)) return std::string{cause->why};
  if (was_ended_at_once(reason)) {
    return "it ends each connection at once: all its connections (maxclients) are taken, or it expects TLS, or it is "
           "in protected mode, or no Redis; nothing is published";
  }
  return "nothing is published while it can't be reached; rows wait in the table, and none dies of it";
}

std::string remedy_for(const RedisFacts& facts) {
  const auto& reason = facts.unreachable;
  const auto* const cause = cause_of(reason);
  const auto words = cause == nullptr ? std::string_view{} : cause->words;
  if (words == "max number of clients") {
    return facts.as_administrator() + " CONFIG SET maxclients 20000  # from a connection that is open already";
  }
  if (words == "MISCONF") {
    return "df -h  # on Redis' machine: free its disk, and read Redis' log; then " + facts.as_administrator() +
           " BGSAVE";
  }
  if (words == "BUSY ") {
    return facts.as_administrator() +
           " SCRIPT KILL  # ends a script that has written nothing yet; for a function: FUNCTION KILL";
  }
  if (words == "DENIED") {
    return "redis-cli CONFIG GET protected-mode  # on Redis' machine: give it a password (ACL SETUSER, or "
           "requirepass "
           "in redis.conf), and redis.url the same";
  }
  if (words == "LOADING") return facts.cli + " INFO persistence  # loading_eta_seconds";
  if (!words.empty()) return "correct the login in redis.url (REDIS_URL), then: " + facts.cli + " --askpass PING";
  if (was_ended_at_once(reason)) {
    return facts.cli +
           " PING  # if all connections are taken, from one that is open already: CONFIG SET maxclients "
           "20000; if the port expects TLS: use the one without, or a tunnel; in protected mode: give Redis "
           "a password";
  }
  return facts.cli + " PING  # is it running, is the address in redis.url right, and does a firewall let it through?";
}

}  // namespace

Findings reachability_of(const RedisFacts& facts) {
  Finding finding{.check = "redis.connection", .subject = facts.server, .seen = "it answers"};
  if (facts.unreachable.empty()) return {finding};
  finding.severity = Severity::critical;
  finding.seen = facts.unreachable;
  finding.why = why_unreachable(facts.unreachable);
  finding.remedy = remedy_for(facts);
  return {finding};
}

Findings rights_of(const RedisFacts& facts) {
  Findings findings;
  const auto add = [&](const std::string& refused, const std::string& what, const std::string& right) {
    const auto user = facts.username.empty() ? "default" : facts.username;
    findings.push_back(unknown("redis.rights", facts.server, what + " (" + refused + ")",
                               facts.as_administrator() + " ACL SETUSER " + shell_word(user) + " " +
                                   shell_word(right) +
                                   "  # where the service allows it; the daemon itself needs no more than +xadd"));
  };
  if (!facts.why_no_info.empty()) {
    add("INFO: " + facts.why_no_info, "memory, replicas, clients, cluster and version", "+info");
  }
  if (!facts.why_no_settings.empty()) {
    const std::string also = facts.why_no_info.empty() ? "" : "maxmemory-policy, appendonly and ";
    add("CONFIG GET: " + facts.why_no_settings, also + "appendfsync", "+config|get");
  }
  if (!facts.why_no_clock.empty()) add("TIME: " + facts.why_no_clock, "the server's clock", "+time");
  for (const auto& stream : facts.streams) {
    if (stream.why_no_groups.empty()) continue;
    add(stream.why_no_groups, "whether consumer groups read", "+@read");
    break;
  }
  if (findings.empty()) {
    findings.push_back(
        {.check = "redis.rights", .subject = facts.server, .seen = "every command of the doctor is allowed"});
  }
  return findings;
}

Findings version_of(const RedisFacts& facts) {
  const std::string check = "redis.version";
  const auto version = facts.field("redis_version");
  if (!version) return {};
  // Others report the version of Redis that they are compatible with, and have not its faults.
  const auto name = facts.field("server_name").value_or(facts.field("valkey_version") ? "valkey" : "redis");
  if (name != "redis") {
    const auto own = facts.field(name + "_version").value_or("of unknown version");
    return {
        {.check = check, .subject = facts.server, .seen = name + " " + own + " (compatible with " + *version + ")"}};
  }
  Findings findings;
  const auto number = version_in(*version);
  for (const auto& fault : kFaults) {
    if (number < fault.first || number >= fault.fixed) continue;
    findings.push_back({.check = check,
                        .severity = fault.severity,
                        .subject = facts.server,
                        .seen = "Redis " + *version,
                        .why = std::string{fault.what},
                        .remedy = "update Redis to " + text_of(fault.fixed) + " or later"});
  }
  if (findings.empty()) findings.push_back({.check = check, .subject = facts.server, .seen = "Redis " + *version});
  return findings;
}

Findings cluster_of(const RedisFacts& facts) {
  Finding finding{.check = "redis.cluster", .subject = facts.server, .seen = "no cluster"};
  const auto enabled = facts.field("cluster_enabled");
  if (!enabled) return {};
  if (*enabled == "0") return {finding};
  finding.severity = Severity::warning;
  finding.seen = "it is a node of a cluster";
  finding.why = "redirections are not followed: a stream whose slot another node has stays blocked";
  finding.remedy = facts.cli + " CLUSTER SLOTS  # use a server without cluster, or one whose node has all streams";
  return {finding};
}

Findings network_of(const RedisFacts& facts) {
  Findings findings;
  if (facts.round_trip) {
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(*facts.round_trip);
    Finding finding{.check = "redis.latency",
                    .subject = facts.server,
                    .seen = "a round trip takes " +
                            (ms.count() < 1 ? std::to_string(facts.round_trip->count()) + " us"
                                            : std::to_string(ms.count()) + " ms") +
                            " (median)"};
    constexpr std::chrono::milliseconds kSlow{250};
    constexpr std::chrono::milliseconds kNoticeable{20};
    if (ms >= kNoticeable) {
      finding.severity = ms >= kSlow ? Severity::warning : Severity::note;
      finding.why = "each batch waits for at least one round trip, and each row for the batch before it";
      finding.remedy = facts.cli + " --latency-history  # and " + facts.cli +
                       " SLOWLOG GET 10: is the server busy, or far away? Run the dispatcher beside it";
    }
    findings.push_back(finding);
  }
  Finding tls{.check = "redis.tls", .subject = facts.server, .seen = "a local connection, without TLS"};
  if (facts.database != 0) {
    findings.push_back({.check = "redis.database",
                        .severity = Severity::note,
                        .subject = facts.server,
                        .seen = "entries go into database " + std::to_string(facts.database),
                        .why = "the consumers of the services read database 0, and see nothing of this one",
                        .remedy = "end redis.url (REDIS_URL) with /0, unless the consumers read this database"});
  }
  if (!is_local_address(facts.host)) {
    tls.severity = Severity::note;
    tls.seen = "no TLS: this version has none to Redis";
    tls.why = "entries, their signatures and Redis' password cross the network in clear";
    tls.remedy = "use a private network, or a tunnel that ends beside the dispatcher, such as stunnel";
  }
  findings.push_back(tls);
  return findings;
}

}  // namespace outboxd::daemon::doctor
