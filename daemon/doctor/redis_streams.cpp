// SPDX-License-Identifier: Apache-2.0
// Whether Redis takes entries, and whether consumer groups read them.
#include "daemon/doctor/examinations.hpp"
#include "daemon/doctor/words.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <string_view>

namespace outboxd::daemon::doctor {
namespace {

constexpr std::chrono::minutes kQuiet{2};
constexpr std::chrono::minutes kLongPending{10};

std::string meaning_of(const std::string& refusal) {
  if (refusal.starts_with("NOPERM")) return "this user may not write to the stream: it stays blocked";
  if (refusal.starts_with("OOM")) return "Redis is full: rows wait in the table until it has room";
  if (refusal.starts_with("READONLY")) return "it is a replica: nothing can be published to it";
  if (refusal.starts_with("MISCONF")) return "Redis could not write to its disk, and refuses all writes since";
  if (refusal.starts_with("NOREPLICAS")) return "fewer replicas than min-replicas-to-write are connected";
  if (refusal.starts_with("MOVED") || refusal.starts_with("ASK")) return "another node of the cluster has the stream";
  if (refusal.starts_with("BUSY ")) return "a script keeps the server busy: rows wait in the table until it ends";
  return is_certain(refusal) ? "rows of this stream wait in the table"
                             : "if a correct XADD is answered so, rows of this stream wait in the table";
}

/// Whether the server answers all writes so, whatever the stream.
bool is_of_server(const std::string& refusal) {
  constexpr std::array<std::string_view, 9> kOfServer{"OOM",         "READONLY",   "MISCONF", "NOREPLICAS", "LOADING",
                                                      "CLUSTERDOWN", "MASTERDOWN", "NOAUTH",  "BUSY "};
  return std::ranges::any_of(kOfServer, [&](auto beginning) { return refusal.starts_with(beginning); });
}

std::string remedy_for(const RedisFacts& facts, const StreamFacts& stream) {
  const auto& refusal = stream.refusal;
  // The other examination has the remedy, unless INFO is refused.
  const auto see = [&](const char* check, const char* field, const std::string& otherwise) {
    return facts.field(field) ? std::string{"see "} + check : facts.as_administrator() + " " + otherwise;
  };
  if (refusal.starts_with("NOPERM")) {
    const auto user = facts.username.empty() ? "default" : facts.username;
    return facts.as_administrator() + " ACL SETUSER " + shell_word(user) + " +xadd " + shell_word("~" + stream.name);
  }
  if (refusal.starts_with("OOM")) return see("redis.memory", "used_memory", "INFO memory  # then raise maxmemory");
  if (refusal.starts_with("READONLY") || refusal.starts_with("NOREPLICAS")) {
    return see("redis.replication", "role", "INFO replication  # and point redis.url at the primary");
  }
  if (refusal.starts_with("MISCONF")) {
    return see("redis.persistence", "rdb_last_bgsave_status", "INFO persistence  # and free Redis' disk");
  }
  if (refusal.starts_with("MOVED") || refusal.starts_with("ASK")) {
    return see("redis.cluster", "cluster_enabled", "CLUSTER SLOTS  # use a server without cluster");
  }
  if (refusal.starts_with("BUSY "))
    return facts.as_administrator() + " SCRIPT KILL  # ends a script that has written nothing yet";
  return facts.cli + " COMMAND INFO XADD  # does the server, or the proxy before it, allow this command?";
}

/// "a, b, c and 4 more".
std::string list_of(const std::vector<std::string>& names) {
  constexpr std::size_t kMost = 5;
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), kMost); ++i) text += (i > 0 ? ", " : "") + names[i];
  if (names.size() > kMost) text += " and " + std::to_string(names.size() - kMost) + " more";
  return text;
}

Finding refused(const RedisFacts& facts, const StreamFacts& stream) {
  return {.check = "redis.writes",
          .severity = is_certain(stream.refusal) ? Severity::critical : Severity::warning,
          .subject = "stream " + stream.name,
          .seen = "XADD is refused: " + stream.refusal,
          .why = meaning_of(stream.refusal),
          .remedy = remedy_for(facts, stream)};
}

/// What the server answers to all streams is one finding; and so are declared streams without rows to which this user
/// has no right.
void add_refusals(const RedisFacts& facts, Findings& findings) {
  std::map<std::string, std::vector<std::string>> of_server;
  std::vector<std::string> without_right;
  for (const auto& stream : facts.streams) {
    if (stream.refusal.empty()) continue;
    if (is_of_server(stream.refusal)) {
      auto& streams = of_server[stream.refusal];
      streams.push_back(stream.name);
      if (streams.size() == 1) findings.push_back(refused(facts, stream));
    } else if (stream.is_only_declared && stream.refusal.starts_with("NOPERM")) {
      without_right.push_back(stream.name);
    } else {
      findings.push_back(refused(facts, stream));
    }
  }
  for (const auto& [refusal, streams] : of_server) {
    const auto first = std::ranges::find(findings, "XADD is refused: " + refusal, &Finding::seen);
    if (streams.size() == 1) continue;
    first->subject = facts.server;
    first->seen =
        "XADD is refused on " + std::to_string(streams.size()) + " streams (" + list_of(streams) + "): " + refusal;
  }
  if (without_right.empty()) return;
  findings.push_back({.check = "redis.writes",
                      .severity = Severity::note,
                      .subject = facts.server,
                      .seen = "this user may not write to " + list_of(without_right) +
                              ", which the topology declares; no row of them was seen",
                      .why = "rows of these streams, once there are some, stay in the table"});
}

void add_wrong_type(const RedisFacts& facts, const StreamFacts& stream, Findings& findings) {
  if (stream.type.empty() || stream.type == "stream" || stream.type == "none") return;
  findings.push_back(
      {.check = "redis.stream_type",
       .severity = Severity::critical,
       .subject = "stream " + stream.name,
       .seen = "the key is a " + stream.type,
       .why = "Redis answers XADD with WRONGTYPE, and the stream stays blocked",
       .remedy =
           facts.cli + " RENAMENX " + shell_word(stream.name) + " " + shell_word(stream.name + ".aside") +
           " && outboxd streams provision  # a group reads what is published in between only after XGROUP SETID " +
           shell_word(stream.name) + " GROUP 0"});
}

Finding finding_of(const RedisFacts& facts, const StreamFacts& stream, const GroupFacts& group) {
  Finding finding{.check = "redis.group",
                  .subject = "group " + group.name + " of stream " + stream.name,
                  .seen = state_of(group)};
  const auto on_group = shell_word(stream.name) + " " + shell_word(group.name);
  if (has_stopped(group)) {
    finding.severity = Severity::warning;
    finding.seen = "the group has stopped reading: " + finding.seen;
    finding.why = "its consumers don't act on events, and entries that the stream's bound trims are lost for it";
    finding.remedy = facts.cli + " XINFO CONSUMERS " + on_group +
                     "  # restart the group's consumers; if it is no longer wanted: " + facts.cli +
                     " XGROUP DESTROY " + on_group;
  } else if (group.oldest_pending.value_or(std::chrono::seconds{0}) >= kLongPending) {
    finding.severity = Severity::warning;
    finding.seen = "entries were delivered, and not acknowledged: " + finding.seen;
    finding.why = "a consumer has died with them, or fails on them again and again; nobody acts on these events";
    finding.remedy = facts.cli + " XPENDING " + on_group +
                     " - + 10  # read the consumer's log; another one can take " + "them: " + facts.cli +
                     " XAUTOCLAIM " + on_group + " CONSUMER 600000 0";
  } else if (group.oldest_unread.value_or(std::chrono::seconds{0}) >= kQuiet) {
    finding.severity = Severity::note;
    finding.why = "the group reads, and is behind";
    finding.remedy = facts.cli + " XINFO CONSUMERS " + on_group + "  # add consumers, if the lag grows";
  }
  return finding;
}

}  // namespace

bool has_stopped(const GroupFacts& group) {
  const bool has_unread = group.oldest_unread.value_or(std::chrono::seconds{0}) >= kQuiet;
  const bool has_pending = group.pending > 0;
  if (!has_unread && !has_pending) return false;
  // A consumer at work on what it has read asks for nothing meanwhile.
  const std::chrono::minutes longest = has_unread ? kQuiet : kLongPending;
  return (group.consumers == 0 && has_unread) || group.quiet_for.value_or(std::chrono::seconds{0}) >= longest;
}

std::string state_of(const GroupFacts& group) {
  std::string text =
      group.unread ? std::to_string(*group.unread) + " unread entries" : "unread entries of unknown number";
  if (group.oldest_unread) text += " (the first is " + span_text(*group.oldest_unread) + " old)";
  text += ", " + std::to_string(group.pending) + " pending";
  if (group.oldest_pending) text += " (the first was delivered " + span_text(*group.oldest_pending) + " ago)";
  text += ", ";
  text += std::to_string(group.consumers) + (group.consumers == 1 ? " consumer" : " consumers");
  if (group.quiet_for) text += ", the last of which asked " + span_text(*group.quiet_for) + " ago";
  return text;
}

Findings writes_of(const RedisFacts& facts) {
  const std::string check = "redis.writes";
  if (facts.streams.empty()) {
    return {unknown(check, facts.server,
                    "no stream is known, as " + facts.why_no_streams +
                        ", and neither dispatcher.streams, dispatcher.stream_maxlen nor a topology names one")};
  }
  Findings findings;
  for (const auto& stream : facts.streams) add_wrong_type(facts, stream, findings);
  add_refusals(facts, findings);
  if (findings.empty()) {
    findings.push_back(
        {.check = check,
         .subject = facts.server,
         .seen = "XADD is allowed on all known streams (" + std::to_string(facts.streams.size()) + ")"});
  }
  return findings;
}

Findings groups_of(const RedisFacts& facts) {
  Findings findings;
  for (const auto& stream : facts.streams) {
    for (const auto& group : stream.groups) findings.push_back(finding_of(facts, stream, group));
    if (stream.trim_warning.empty()) continue;
    findings.push_back(
        {.check = "redis.trim",
         .severity = stream.trim_is_certain ? Severity::critical : Severity::note,
         .subject = "stream " + stream.name,
         .seen = stream.trim_warning,
         .why = stream.trim_is_certain
                    ? "these entries are lost for the group, unless their rows are published again (outboxd replay)"
                    : "if the group has not read them, they are lost for it",
         .remedy = "raise dispatcher.stream_maxlen.\"" + stream.name +
                   "\" in the configuration, then: systemctl reload outboxd"});
  }
  return findings;
}

}  // namespace outboxd::daemon::doctor
