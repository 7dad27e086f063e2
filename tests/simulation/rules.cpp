// SPDX-License-Identifier: Apache-2.0
// The dispatcher's promises about the outcome of a row, written independently of lib/outbox.
#include "simulation/ledger.hpp"

#include <algorithm>
#include <cmath>

namespace outboxd::simulation {
namespace {

bool delay_fits(const Outcome& outcome, std::uint32_t attempt, const RetryPolicy& policy) {
  const double seconds = std::chrono::duration<double>(outcome.delay).count();
  if (policy.profile == Profile::coordinator) {
    const double shortest = std::min(attempt, 60U);
    return seconds >= shortest && seconds <= shortest + 1.0;
  }
  const double shortest = std::min(60.0, std::exp2(std::min(attempt, 6U)));
  return seconds >= shortest && seconds <= 1.3 * shortest;
}

std::string expect_dead(const Outcome& outcome, const std::string& which) {
  const bool fits = outcome.verdict == Verdict::dead && !outcome.error.empty();
  return fits ? std::string{} : which + " is dead, with a reason";
}

std::string expect_given_back(const Outcome& outcome, const std::string& which) {
  const bool fits = outcome.verdict == Verdict::release && outcome.delay.count() == 0;
  return fits ? std::string{} : which + " is given back at once, with its attempt";
}

std::string expect_given_back_for_later(const Outcome& outcome, std::uint32_t attempt, const RetryPolicy& policy,
                                        const std::string& which) {
  const bool fits = outcome.verdict == Verdict::release && delay_fits(outcome, attempt, policy);
  return fits ? std::string{} : which + " is given back for later, with its attempt";
}

std::string expect_spent(const ClaimedRow& claimed, const Outcome& outcome, const RetryPolicy& policy,
                         const std::string& which) {
  if (claimed.row.attempt >= policy.max_attempts) return expect_dead(outcome, which + ", at its last attempt,");
  const bool fits = outcome.verdict == Verdict::retry && outcome.error == claimed.text &&
                    delay_fits(outcome, claimed.row.attempt, policy);
  return fits ? std::string{} : which + " is tried again by the profile, with the reason";
}

std::string rule_of_unanswered(const ClaimedRow& claimed, const Outcome& outcome, const RetryPolicy& policy) {
  if (claimed.row.attempt < policy.max_attempts) return expect_spent(claimed, outcome, policy, "an unanswered row");
  if (outcome.verdict != Verdict::dead) {
    return expect_given_back_for_later(outcome, claimed.row.attempt, policy,
                                       "an unanswered row, at its last attempt,");
  }
  return claimed.singled_out ? expect_dead(outcome, "a row that was singled out")
                             : "no row dies of an unanswered write unless it was alone while others went through";
}

std::string rule_of_refused(const ClaimedRow& claimed, const Outcome& outcome, const RetryPolicy& policy) {
  if (outcome.verdict == Verdict::release) {
    const bool fits = outcome.delay.count() == 0 || delay_fits(outcome, 1, policy) ||
                      delay_fits(outcome, claimed.row.attempt, policy);
    return fits ? std::string{} : "a refused row is given back at once, or for a while";
  }
  if (!claimed.others_went_through) return "no attempt is spent unless others of the stream were taken since";
  return expect_spent(claimed, outcome, policy, "a row that is refused alone");
}

bool names(const Outcome& outcome, std::uint64_t number) {
  return outcome.error.find(std::to_string(number)) != std::string::npos;
}

std::string rule_of_unsent(const ClaimedRow& claimed, const Outcome& outcome, const RetryPolicy& policy) {
  if (claimed.row.attempt > policy.max_attempts) {
    const bool tells = names(outcome, claimed.row.attempt - 1) && outcome.error.find("attempts") != std::string::npos;
    return tells ? expect_dead(outcome, "a row with exhausted attempts")
                 : "the reason of a row with exhausted attempts names them";
  }
  if (claimed.row.oversize_bytes && !names(outcome, *claimed.row.oversize_bytes)) {
    return "the reason of an oversize row tells its size";
  }
  if (claimed.poison == Poison::payload_no_object || claimed.poison == Poison::payload_oversize ||
      claimed.poison == Poison::stream_empty) {
    return expect_dead(outcome, "a row that can't be published");
  }
  return expect_given_back(outcome, "a row that was not sent");
}

}  // namespace

std::string broken_rule(const ClaimedRow& claimed, const Outcome& outcome, const RetryPolicy& policy) {
  if (!claimed.sent) return rule_of_unsent(claimed, outcome, policy);
  switch (claimed.meant) {
    case Fault::none:
      return outcome.verdict == Verdict::published ? std::string{} : "what Redis took is marked published";
    case Fault::refused:
      return rule_of_refused(claimed, outcome, policy);
    case Fault::unanswered:
      return rule_of_unanswered(claimed, outcome, policy);
    default:
      return expect_given_back(outcome, "a row sent while Redis refuses all entries");
  }
}

}  // namespace outboxd::simulation
