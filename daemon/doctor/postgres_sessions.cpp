// SPDX-License-Identifier: Apache-2.0
// Who is in the way: old snapshots, locks, other dispatchers.
#include "daemon/doctor/examinations.hpp"
#include "daemon/doctor/words.hpp"

#include <utility>

namespace outboxd::daemon::doctor {
namespace {

using dispatch::SnapshotHolder;

constexpr std::chrono::seconds kOld{60};
constexpr std::chrono::seconds kNoticeablyOld{5};
constexpr std::int64_t kManyTransactions = 1'000'000;
// A standby with hot_standby_feedback is always a little behind.
constexpr std::int64_t kFewTransactions = 10'000;

constexpr const char* kOnStandby = "end the long query on the standby, or set hot_standby_feedback = off there";

/// A command that ends a session, or that shows what must be decided before a transaction or a slot is ended: what a
/// prepared transaction or a slot keeps is lost for good.
std::string end_of(const PostgresFacts& facts, SnapshotHolder kind, const std::string& handle) {
  const auto in_quotes = [&handle] {
    std::string text = "'";
    for (const char c : handle) text.append(c == '\'' ? 2 : 1, c);
    return text + "'";
  };
  switch (kind) {
    case SnapshotHolder::session:
      return facts.as_superuser("SELECT pg_terminate_backend(" + handle + ")") +
             "  # rolls its open transaction back";
    case SnapshotHolder::prepared_transaction:
      return facts.as_superuser("SELECT * FROM pg_prepared_xacts") +
             "  # ask its owner, who then runs COMMIT PREPARED " + in_quotes() + " or ROLLBACK PREPARED " +
             in_quotes();
    case SnapshotHolder::replication_slot:
      return facts.as_superuser("SELECT * FROM pg_replication_slots") +
             "  # only if nothing will ever read it again: SELECT pg_drop_replication_slot(" + in_quotes() + ")";
    case SnapshotHolder::standby:
      return kOnStandby;
    case SnapshotHolder::none:
      break;
  }
  return {};
}

Severity severity_of(const outbox_store::SnapshotHold& hold) {
  // The server's own work on a table ends by itself; a parallel worker ends with its leader, which is listed, too.
  const bool of_the_server =
      hold.kind == SnapshotHolder::session && (hold.state == "autovacuum worker" || hold.state == "parallel worker");
  if (of_the_server) return Severity::ok;
  if (!hold.held_for) {
    if (hold.transactions < kFewTransactions) return Severity::ok;
    // Another role's session, whose beginning can't be seen here.
    if (hold.kind == SnapshotHolder::session) return Severity::note;
    return hold.transactions >= kManyTransactions ? Severity::warning : Severity::note;
  }
  if (*hold.held_for >= kOld) return Severity::warning;
  // A session that is idle in a transaction may stay so for hours.
  const bool is_idle = hold.state.starts_with("idle in transaction");
  return is_idle || *hold.held_for >= kNoticeablyOld ? Severity::note : Severity::ok;
}

/// The handle in a description of Layout::table_holders: "pid 4711 of role …", "prepared transaction NAME, since …".
std::pair<SnapshotHolder, std::string> holder_in(const std::string& who) {
  constexpr std::string_view kPid = "pid ";
  constexpr std::string_view kPrepared = "prepared transaction ";
  if (who.starts_with(kPid)) {
    const auto end = who.find_first_not_of("0123456789", kPid.size());
    return {SnapshotHolder::session, who.substr(kPid.size(), end - kPid.size())};
  }
  if (who.starts_with(kPrepared)) {
    const auto end = who.rfind(", since ");
    return {SnapshotHolder::prepared_transaction, who.substr(kPrepared.size(), end - kPrepared.size())};
  }
  return {SnapshotHolder::none, ""};
}

}  // namespace

Findings snapshots_of(const PostgresFacts& facts) {
  const std::string check = "postgres.snapshot";
  if (!facts.snapshots.known) return {unknown(check, facts.server, facts.snapshots.why_not)};
  Findings findings;
  for (const auto& hold : facts.snapshots.known->holds) {
    const auto severity = severity_of(hold);
    if (severity == Severity::ok) continue;
    const bool is_used_slot = hold.kind == SnapshotHolder::replication_slot && hold.state == "active";
    std::string seen = "it keeps a snapshot or transaction open";
    if (hold.held_for) seen += " for " + span_text(*hold.held_for);
    seen += ", " + std::to_string(hold.transactions) + " transactions old";
    if (!hold.state.empty()) seen += " (" + hold.state + ")";
    findings.push_back({.check = check,
                        .severity = severity,
                        .subject = hold.who,
                        .seen = seen,
                        .why =
                            "while it lasts, no VACUUM removes the versions of published rows, and claims step over "
                            "them",
                        .remedy = is_used_slot ? kOnStandby : end_of(facts, hold.kind, hold.handle)});
  }
  if (findings.empty()) {
    findings.push_back({.check = check, .subject = facts.server, .seen = "no old snapshot is held"});
  }
  if (!facts.snapshots.known->sees_all) {
    const auto role = facts.settings.known ? facts.settings.known->role : "outboxd";
    findings.push_back(unknown(check, facts.server,
                               "since when other roles' sessions hold snapshots, without pg_read_all_stats",
                               facts.as_superuser("GRANT pg_read_all_stats TO \"" + role + "\"")));
  }
  return findings;
}

Findings locks_of(const PostgresFacts& facts) {
  const std::string check = "postgres.lock";
  if (!facts.locks.known) return {unknown(check, subject_of(facts), facts.locks.why_not)};
  Findings findings;
  for (const auto& lock : *facts.locks.known) {
    Finding finding{.check = check, .severity = Severity::critical, .subject = lock.who};
    const auto [kind, handle] = holder_in(lock.who);
    finding.remedy = end_of(facts, kind, handle);
    if (lock.how == "holds") {
      finding.seen = "it holds a lock on the whole table " + plain_name(facts.table_name());
      finding.why = "every claim, settlement and insert waits until its transaction ends";
    } else if (lock.how == "waits") {
      finding.seen = "it waits to lock the whole table " + plain_name(facts.table_name());
      finding.why = "every claim and insert waits behind it";
    } else {
      finding.seen =
          "its transaction is in the way of the session that waits to lock " + plain_name(facts.table_name());
      finding.why = "while it is open, the other one waits, and every claim and insert behind that one";
    }
    findings.push_back(finding);
  }
  if (facts.rows.known && facts.rows.known->backlog.locked.rows > 0) {
    const auto& locked = facts.rows.known->backlog.locked;
    const auto [kind, handle] = holder_in(locked.who);
    findings.push_back(
        {.check = check,
         .severity = Severity::warning,
         .subject = locked.who.empty() ? subject_of(facts) : locked.who,
         .seen = std::to_string(locked.rows) + " due rows are kept locked, one of them is row " + locked.first,
         .why = "no dispatcher can claim these rows until that transaction ends",
         .remedy = end_of(facts, kind, handle)});
  }
  if (findings.empty()) {
    findings.push_back({.check = check, .subject = subject_of(facts), .seen = "no lock keeps claims waiting"});
  }
  return findings;
}

Findings workers_of(const PostgresFacts& facts) {
  const std::string check = "postgres.dispatchers";
  Findings findings;
  std::string seen;
  if (facts.sessions.known) {
    seen = std::to_string(facts.sessions.known->size()) + " other sessions are called outboxd";
    for (const auto& session : *facts.sessions.known) {
      seen += (&session == facts.sessions.known->data() ? ": " : ", ") + std::string{"pid "} + session.pid;
      if (!session.role.empty()) seen += " of role " + session.role;
      if (!session.client.empty()) seen += " from " + session.client;
    }
  }
  if (!facts.rows.known) {
    findings.push_back({.check = check, .subject = subject_of(facts), .seen = seen});
    return findings;
  }
  for (const auto& worker : facts.rows.known->workers) {
    seen += (seen.empty() ? "" : "; ") + worker.worker + " has leased " + std::to_string(worker.rows) + " rows";
    const bool ours = worker.worker.starts_with("outboxd:") || worker.worker.starts_with("pooled:");
    if (worker.longest > facts.dispatcher.lease) {
      findings.push_back(
          {.check = check,
           .severity = Severity::warning,
           .subject = "worker " + worker.worker,
           .seen = "it holds a lease for another " +
                   span_text(std::chrono::duration_cast<std::chrono::seconds>(worker.longest)) +
                   ", longer than this dispatcher's dispatcher.lease of " +
                   span_text(std::chrono::duration_cast<std::chrono::seconds>(facts.dispatcher.lease)),
           .why =
               "dispatchers of one table with differing settings: if that worker dies, its rows may wait that long",
           .remedy = "outboxd config show  # on the host in the worker's name: give both the same dispatcher.lease"});
    } else if (!ours) {
      findings.push_back({.check = check,
                          .severity = Severity::note,
                          .subject = "worker " + worker.worker,
                          .seen = "another program's dispatcher works on this table",
                          .why = "its attempts and retries follow its own settings (deploy/README.md, Taking over)",
                          .remedy = "outboxd status --watch  # and switch it off when outboxd has taken over"});
    }
  }
  findings.insert(findings.begin(), {.check = check, .subject = subject_of(facts), .seen = seen});
  return findings;
}

}  // namespace outboxd::daemon::doctor
