// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace outboxd {

/// What is known before a claim.
struct BeforeClaim {
  /// Redis is unreachable or refuses all entries.
  bool redis_is_shut = false;
  /// There are rows that may have killed their dispatchers, to be claimed alone.
  bool has_poison_candidates = false;
  /// There are rows in quarantine to be tried by themselves.
  bool has_retries = false;
  /// No outcome can be written, and the reason is not known.
  bool outcomes_are_refused = false;
};

enum class ClaimStep {
  probe_redis,
  claim_candidate,
  retry_quarantined,
  /// Claim one batch now and then, to find out whether outcomes can be written.
  claim_after_pause,
  claim
};

/// What the claim loop does next.
[[nodiscard]] constexpr ClaimStep next_step(const BeforeClaim& facts) {
  if (facts.redis_is_shut) return ClaimStep::probe_redis;
  if (facts.has_poison_candidates) return ClaimStep::claim_candidate;
  if (facts.has_retries) return ClaimStep::retry_quarantined;
  return facts.outcomes_are_refused ? ClaimStep::claim_after_pause : ClaimStep::claim;
}

/// What is known after a claim that could take any row.
struct AfterClaim {
  bool once = false;
  /// The claim found at least one row, refused ones included.
  bool found_any = false;
  /// More rows are due.
  bool more = false;
  bool has_poison_candidates = false;
};

enum class AfterClaimStep {
  /// A full claim means that more rows are due; and poison candidates have their turn.
  go_on,
  /// A daemon's claim found fewer rows than it asked for.
  wait_for_rows,
  /// With `once`, no row is left to claim, unless rows in flight are given back.
  see_to_the_end
};

/// What the claim loop does after a claim.
[[nodiscard]] constexpr AfterClaimStep step_after(const AfterClaim& facts) {
  if (facts.more) return AfterClaimStep::go_on;
  if (facts.once) return facts.found_any ? AfterClaimStep::go_on : AfterClaimStep::see_to_the_end;
  return facts.has_poison_candidates ? AfterClaimStep::go_on : AfterClaimStep::wait_for_rows;
}

}  // namespace outboxd
