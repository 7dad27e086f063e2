// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace outboxd {

/// What is known before a claim.
struct BeforeClaim {
  /// Redis is unreachable or refuses everyone.
  bool redis_is_shut = false;
  /// Rows that their dispatchers may have died of are to be claimed alone.
  bool has_poison_candidates = false;
  /// Rows in quarantine are to be tried by themselves.
  bool has_retries = false;
  /// No outcome can be written, and it isn't known why.
  bool outcomes_are_refused = false;
};

enum class ClaimStep {
  probe_redis,
  claim_candidate,
  retry_quarantined,
  /// One more batch now and then.
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

/// What is known after a claim of rows that were open to all.
struct AfterClaim {
  bool once = false;
  /// It found at least one, be it refused.
  bool found_any = false;
  /// There are more that are due.
  bool more = false;
  bool has_poison_candidates = false;
};

enum class AfterClaimStep {
  /// A full claim means that there is more; and candidates have their turn.
  go_on,
  /// A daemon has found fewer rows than it asked for.
  wait_for_rows,
  /// With `once`, nothing is left to be claimed, unless what is in flight comes back.
  see_to_the_end
};

/// What the claim loop does after a claim.
[[nodiscard]] constexpr AfterClaimStep step_after(const AfterClaim& facts) {
  if (facts.more) return AfterClaimStep::go_on;
  if (facts.once) return facts.found_any ? AfterClaimStep::go_on : AfterClaimStep::see_to_the_end;
  return facts.has_poison_candidates ? AfterClaimStep::go_on : AfterClaimStep::wait_for_rows;
}

}  // namespace outboxd
