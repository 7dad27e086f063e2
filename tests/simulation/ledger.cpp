// SPDX-License-Identifier: Apache-2.0
// Records the calls of the store; the calls of Redis are in ledger_redis.cpp.
#include "simulation/ledger.hpp"

#include <algorithm>
#include <utility>

namespace outboxd::simulation {

void Ledger::asks_for_rows(const dispatch::ClaimRequest& request) {
  expect(!life_.stopped_at(), "nothing is claimed after a stop");
  expect(!redis_in_doubt_, "nothing is claimed while Redis is in doubt");
  expect(request.limit >= 1 && request.limit <= options_.batch_rows, "a claim takes a batch at most");
  if (rows_after_doubt_) {
    expect(request.limit <= *rows_after_doubt_, "after an outage claims begin with a few rows");
  }
  rows_after_doubt_.reset();
  expect(request.due_by == due_by_, "with once, and then only, claims are of what was due at the start");
}

void Ledger::gets_rows(const dispatch::ClaimedRows& claimed, TimePoint asked_at) {
  last_claim_at_ = read_time(claimed.claimed_at);
  if (options_.once && due_by_.empty()) due_by_ = claimed.claimed_at;
  expected_.claimed += claimed.rows.size();
  if (claimed.rows.empty()) return;
  std::string ids;
  for (const auto& row : claimed.rows) ids += " " + row.id + "#" + std::to_string(row.attempt);
  world_.trace(life_.worker(), "claimed, lease " + claimed.lease + ":" + ids);
  auto& lease = leases_[claimed.lease];
  lease.asked_at = asked_at;
  lease.arrived = world_.now();
  lease.ends = claimed.lease_ends;
  for (const auto& row : claimed.rows) {
    auto& placed = lease.rows.emplace_back();
    placed.row = row;
    placed.poison = world_.facts.at(row.id).poison;
  }
}

void Ledger::brings_outcomes(const dispatch::Settlement& settlement) {
  if (const auto rest = leases_.find(settlement.lease); rest != leases_.end() && rest->second.is_postponed) {
    return brings_the_rest(rest->second, settlement);
  }
  if (settling_ != settlement.lease) {
    // Outcomes are settled one batch after the other: the last batch will not be settled again.
    if (const auto last = leases_.find(settling_); last != leases_.end() && !last->second.is_postponed) {
      gives_up(last->second);
      leases_.erase(last);
    }
    settling_ = settlement.lease;
  }
  const auto found = leases_.find(settlement.lease);
  if (found == leases_.end()) return fault("outcomes are settled only for a lease in flight");
  if (!found->second.brought) return brings_for_the_first_time(found->second, settlement);
  expect(!found->second.failed_past_deadline, "after the deadline outcomes are tried once more at most");
  const auto& rows = found->second.rows;
  const auto same = [](const ClaimedRow& row, const Outcome& outcome) {
    return row.row.id == outcome.id && row.verdict == outcome.verdict;
  };
  expect(std::ranges::equal(rows, settlement.outcomes, same), "outcomes that are settled again have not changed");
}

void Ledger::brings_the_rest(Lease& lease, const dispatch::Settlement& settlement) {
  expect(settlement.in_parts, "what was refused is written in parts from then on");
  std::map<std::string, Verdict> brought;
  for (const auto& outcome : settlement.outcomes) brought.emplace(outcome.id, outcome.verdict);
  std::map<std::string, Verdict> left;
  for (const auto& row : lease.rows) {
    if (row.left) left.emplace(row.row.id, *row.verdict);
  }
  expect(brought == left, "exactly the outcomes that were not written are settled again");
  ++lease.tries;
  if (life_.stopped_at() || life_.past_deadline()) return;
  expect(world_.now() - lease.tried_at >= 250ms, "a refused settlement is not sent again at once");
  // A pause doubles from a quarter of a second to four seconds, and ends with the lease at the latest.
  const auto most = 8 + (world_.now() - lease.postponed_at) / 4s;
  expect(lease.tries <= most || lease.some_untried || world_.now() >= lease.ends,
         "a refused settlement is not sent again and again");
}

void Ledger::postponed_is_over(const std::string& name, bool unreachable) {
  const auto found = leases_.find(name);
  auto& lease = found->second;
  lease.tried_at = world_.now();
  lease.failed_at = world_.now();
  lease.unreachable = unreachable;
  const bool lease_is_over = world_.now() >= lease.ends && !unreachable;
  if (!lease_is_over && !life_.past_deadline()) return;
  gives_up(lease);
  leases_.erase(found);
}

void Ledger::brings_for_the_first_time(Lease& lease, const dispatch::Settlement& settlement) {
  lease.brought = true;
  std::string ids;
  for (const auto& outcome : settlement.outcomes) ids += " " + outcome.id + " " + to_string(outcome.verdict);
  world_.trace(life_.worker(), "brings outcomes, lease " + settlement.lease + ":" + ids);
  if (settlement.outcomes.size() != lease.rows.size()) return fault("every claimed row has an outcome, and only one");
  for (std::size_t i = 0; i < lease.rows.size(); ++i) {
    auto& row = lease.rows[i];
    const auto& outcome = settlement.outcomes[i];
    if (row.row.id != outcome.id) return fault("outcomes come in the order of their rows");
    row.verdict = outcome.verdict;
    if (needs_no_sending(row, outcome)) {
      world_.count(Event::sent_before);
      outcome.verdict == Verdict::published ? ++expected_.published : ++expected_.released;
      continue;
    }
    const auto broken = broken_rule(row, outcome, options_.retry);
    if (!broken.empty()) {
      fault("row " + outcome.id + ": " + broken + " (attempt " + std::to_string(row.row.attempt) + ", outcome " +
            to_string(outcome.verdict) + " '" + outcome.error + "', " +
            (row.sent ? std::string{"answered: "} + to_string(row.meant) : "not sent") + ")");
    }
    if (!row.sent) check_unsent(lease, row, outcome);
    if (outcome.verdict == Verdict::published) sent_before_.insert(outcome.id);
    count_outcome(row, outcome);
  }
}

bool Ledger::needs_no_sending(const ClaimedRow& row, const Outcome& outcome) const {
  if (row.sent || !sent_before_.contains(outcome.id)) return false;
  return outcome.verdict == Verdict::published || (outcome.verdict == Verdict::release && outcome.delay.count() > 0);
}

void Ledger::check_unsent(const Lease& lease, const ClaimedRow& row, const Outcome& outcome) {
  if (outcome.verdict != Verdict::release) return;
  // Each of these facts stays true, so it need not be known at the moment of the decision.
  const bool short_lease = world_.now() + options_.lease_reserve >= lease.ends;
  const bool doubt = doubted_at_ >= lease.asked_at;
  expect(life_.past_deadline() || short_lease || doubt || may_be_blocked(row.row.stream, lease.asked_at),
         "row " + row.row.id + ": a row is given back unsent only at a stop, a short lease or an outage");
}

bool Ledger::may_be_blocked(const std::string& stream, TimePoint asked_at) const {
  const auto refused = taken_again_.find(stream);
  return refused != taken_again_.end() && refused->second >= asked_at;
}

Fault Ledger::reason_of(const ClaimedRow& row) const {
  if (row.sent) return row.meant;
  if (row.row.attempt > options_.retry.max_attempts) return Fault::attempts_exhausted;
  const bool bad = row.poison == Poison::payload_no_object || row.poison == Poison::payload_oversize ||
                   row.poison == Poison::stream_empty;
  return bad ? Fault::bad_row : Fault::redis_unreachable;
}

void Ledger::count_outcome(const ClaimedRow& row, const Outcome& outcome) {
  if (const auto reason = reason_of(row); reason != Fault::none) ++expected_.reasons[reason];
  if (row.sent && row.meant == Fault::unanswered) {
    ++expected_.fewest_duplicates;
    ++expected_.most_duplicates;
    if (outcome.verdict == Verdict::release) world_.count(Event::last_attempt_given_back);
  }
  switch (outcome.verdict) {
    case Verdict::published:
      ++expected_.published;
      return;
    case Verdict::retry:
      ++expected_.retried;
      return;
    case Verdict::release:
      ++expected_.released;
      return;
    case Verdict::dead:
      ++expected_.dead;
      if (row.sent) return world_.count(row.singled_out ? Event::dead_singled_out : Event::dead_refused);
      world_.count(row.row.attempt > options_.retry.max_attempts ? Event::dead_attempts_exhausted
                                                                 : Event::dead_bad_row);
      return;
  }
}

void Ledger::outcome_is_written(const dispatch::Settlement& settlement, const std::string& id) {
  const auto found = leases_.find(settlement.lease);
  if (found == leases_.end()) return;
  const auto row =
      std::ranges::find(found->second.rows, id, [](const ClaimedRow& claimed) { return claimed.row.id; });
  if (row == found->second.rows.end()) return;
  row->written = true;
  if (row->verdict == Verdict::retry || row->verdict == Verdict::dead) ++world_.facts.at(id).failures;
}

void Ledger::outcome_is_refused(const dispatch::Settlement& settlement) {
  const auto found = leases_.find(settlement.lease);
  if (found != leases_.end()) found->second.refused = true;
}

void Ledger::settling_fails(const dispatch::Settlement& settlement, bool unreachable, bool maybe_carried_out) {
  const auto found = leases_.find(settlement.lease);
  if (found == leases_.end()) return;
  auto& lease = found->second;
  ++lease.failures;
  lease.failed_at = world_.now();
  lease.failed_past_deadline = life_.past_deadline();
  lease.unreachable = unreachable;
  lease.maybe_carried_out = lease.maybe_carried_out || maybe_carried_out;
  if (lease.is_postponed) postponed_is_over(settlement.lease, unreachable);
}

void Ledger::is_settled(const dispatch::Settlement& settlement, const dispatch::Settled& settled) {
  const auto found = leases_.find(settlement.lease);
  if (found == leases_.end()) return;
  auto& lease = found->second;
  std::set<std::string> unwritten(settled.untried.begin(), settled.untried.end());
  for (const auto& row : settled.refused) unwritten.insert(row.id);
  std::uint64_t lost = 0;
  std::uint64_t lost_and_sent = 0;
  std::uint64_t sent = 0;
  std::uint64_t brought = 0;
  for (auto& row : lease.rows) {
    if (!row.left) continue;
    ++brought;
    const bool is_sent = row.verdict == Verdict::published;
    if (is_sent) ++sent;
    row.left = unwritten.contains(row.row.id);
    if (row.left && is_sent) unmarked_.insert(row.row.id);
    if (row.left || row.written) continue;
    ++lost;
    if (is_sent) ++lost_and_sent;
  }
  world_.trace(life_.worker(), "has settled lease " + settlement.lease + ", all but " +
                                   std::to_string(unwritten.size()) + "; too late for " + std::to_string(lost) +
                                   ", failures " + std::to_string(lease.failures));
  world_.count(Event::outcome_too_late, lost);
  // After a lost answer the dispatcher can't distinguish its own outcome from another worker's; nor, after any
  // failure, whether a row is missing in the answer because it was written before, or because the store refused it.
  const bool unclear = lease.maybe_carried_out || (lease.failures > 0 && lease.refused);
  if (!unclear) {
    expected_.fewest_lost += lost;
    expected_.fewest_duplicates += lost_and_sent;
  }
  expected_.most_lost += unclear ? brought - unwritten.size() : lost;
  if (lost > 0 || unclear) expected_.most_duplicates += sent;
  if (unwritten.empty()) {
    leases_.erase(found);
    return;
  }
  lease.some_untried = lease.some_untried || !settled.untried.empty();
  if (!std::exchange(lease.is_postponed, true)) lease.postponed_at = world_.now();
  postponed_is_over(settlement.lease, false);
}

void Ledger::gives_up(Lease& lease) {
  world_.count(Event::outcomes_given_up);
  const bool lease_was_over = lease.failed_at >= lease.ends && !lease.unreachable;
  const bool too_late = life_.deadline && lease.failed_at >= *life_.deadline;
  expect((lease.failures > 0 || lease.is_postponed) && (lease_was_over || too_late),
         "outcomes are given up only when their lease is over, or at the deadline");
  for (const auto& row : lease.rows) {
    if (!row.left) continue;
    ++expected_.unsettled;
    if (row.verdict != Verdict::published) continue;
    ++expected_.fewest_duplicates;
    ++expected_.most_duplicates;
  }
}

void Ledger::loses(const std::string& lease) {
  const auto found = leases_.find(lease);
  if (found == leases_.end()) return;
  expect(life_.met_trouble_since(found->second.asked_at), "a lease is lost only after trouble (lease " + lease + ")");
}

void Ledger::expect_count(const char* what, std::uint64_t told, std::uint64_t fewest, std::uint64_t most) {
  if (told >= fewest && told <= most) return;
  const auto happened =
      fewest == most ? std::to_string(fewest) : std::to_string(fewest) + " to " + std::to_string(most);
  fault(std::string{"the tally agrees with what happened: "} + what + " " + std::to_string(told) + ", and not " +
        happened);
}

void Ledger::close(const dispatch::Tally& tally, std::map<Fault, std::uint64_t> reasons) {
  for (auto& [name, lease] : leases_) {
    if (lease.brought && !lease.is_postponed && name == settling_) {
      gives_up(lease);
    } else {
      fault("no row is in flight when the run has ended");
    }
  }
  leases_.clear();
  for (const auto unsent : {Fault::lease_expiring, Fault::stopping, Fault::stream_blocked}) {
    if (const auto told = reasons.extract(unsent)) reasons[Fault::redis_unreachable] += told.mapped();
  }
  // The outcomes show what was at fault for a refusal.
  for (const auto judged : {Fault::entry_refused, Fault::stream_refused, Fault::redis_unavailable}) {
    if (const auto told = reasons.extract(judged)) reasons[Fault::refused] += told.mapped();
  }
  expect(reasons == expected_.reasons, "the reported reasons agree with what happened");
  const auto& seen = expected_;
  expect_count("claimed", tally.claimed, seen.claimed, seen.claimed);
  expect_count("published", tally.published, seen.published, seen.published);
  expect_count("retried", tally.retried, seen.retried, seen.retried);
  expect_count("dead", tally.dead, seen.dead, seen.dead);
  expect_count("released", tally.released, seen.released, seen.released);
  expect_count("unsettled", tally.unsettled, seen.unsettled, seen.unsettled);
  expect_count("leases lost", tally.leases_lost, seen.fewest_lost, seen.most_lost);
  expect_count("possible duplicates", tally.possible_duplicates, seen.fewest_duplicates, seen.most_duplicates);
}

}  // namespace outboxd::simulation
