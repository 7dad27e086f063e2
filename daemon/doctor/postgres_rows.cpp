// SPDX-License-Identifier: Apache-2.0
// Whether rows leave the table: dead rows, overdue rows.
#include "daemon/doctor/examinations.hpp"
#include "daemon/doctor/words.hpp"

#include <algorithm>

namespace outboxd::daemon::doctor {
namespace {

constexpr std::chrono::seconds kLate{60};
constexpr std::chrono::minutes kVeryLate{15};

std::string count_text(std::uint64_t count, std::uint64_t cap) {
  return std::to_string(count) + (count >= cap ? " or more" : "");
}

/// The likely cause, as far as the facts show it.
std::string cause_of(const PostgresFacts& facts) {
  if (facts.locks.known && !facts.locks.known->empty()) return "the table is locked: see postgres.lock";
  if (facts.rows.known->backlog.locked.rows > 0) return "rows are kept locked: see postgres.lock";
  const bool refused = facts.triggers.known && std::ranges::any_of(*facts.triggers.known, [](const auto& trigger) {
                         return trigger.enabled && trigger.on_update && trigger.may_refuse;
                       });
  if (refused) return "a trigger can refuse claims: see postgres.trigger";
  const bool all_known = facts.rows.known->why_incomplete.empty();
  if (all_known && facts.rows.known->workers.empty() && facts.sessions.known && facts.sessions.known->empty()) {
    return "no session of a dispatcher is to be seen: it is not running, or can't connect";
  }
  return "a dispatcher is at work, and too slow, or refused by Redis: see the findings about redis";
}

}  // namespace

Severity severity_of_rows(const PostgresFacts& facts) {
  return worst_of(rows_of(facts));
}

Findings rows_of(const PostgresFacts& facts) {
  if (!facts.rows.known) return {unknown("postgres.overdue_rows", subject_of(facts), facts.rows.why_not)};
  const auto& backlog = facts.rows.known->backlog;
  Finding dead{.check = "postgres.dead_rows", .subject = subject_of(facts), .seen = "no row is dead"};
  if (backlog.dead > 0) {
    dead.severity = Severity::warning;
    dead.seen = count_text(backlog.dead, backlog.cap) + (backlog.dead == 1 ? " row is dead" : " rows are dead");
    dead.why = "their events are never published, until their cause is mended and they are requeued";
    dead.remedy = "outboxd dead list --dispatcher " + facts.dispatcher.name +
                  "  # groups them by stream and error; then outboxd dead requeue";
  }
  Finding overdue{.check = "postgres.overdue_rows", .subject = subject_of(facts)};
  Findings findings{dead};
  if (const auto& why = facts.rows.known->why_incomplete; !why.empty()) {
    findings.push_back(unknown("postgres.rows", subject_of(facts), "leases, streams or locked rows: " + why));
  }
  if (!backlog.oldest_pending) {
    overdue.seen = "no row is due";
    findings.push_back(overdue);
    return findings;
  }
  const auto late = std::chrono::duration_cast<std::chrono::seconds>(*backlog.oldest_pending);
  overdue.seen = count_text(backlog.due, backlog.cap) + " rows are due, the oldest for " + span_text(late);
  if (late >= kLate) {
    overdue.severity = late >= kVeryLate ? Severity::critical : Severity::warning;
    overdue.why = cause_of(facts);
    overdue.remedy = "outboxd status --dispatcher " + facts.dispatcher.name +
                     "; systemctl status outboxd; journalctl -u outboxd -n 50";
  }
  findings.push_back(overdue);
  return findings;
}

}  // namespace outboxd::daemon::doctor
