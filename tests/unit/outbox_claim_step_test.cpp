// SPDX-License-Identifier: Apache-2.0
#include "outbox/claim_step.hpp"

#include <doctest/doctest.h>

#include <initializer_list>

namespace outboxd {

TEST_CASE("before a claim: Redis comes first, then rows that are claimed alone, then the state of outcomes") {
  struct Case {
    const char* what;
    BeforeClaim facts;
    ClaimStep step;
  };
  for (const auto& one : {
           Case{"nothing special", {}, ClaimStep::claim},
           Case{"no outcome can be written", {.outcomes_are_refused = true}, ClaimStep::claim_after_pause},
           Case{"retries are due", {.has_retries = true}, ClaimStep::retry_quarantined},
           Case{"retries come before new rows, also while no outcome can be written",
                {.has_retries = true, .outcomes_are_refused = true},
                ClaimStep::retry_quarantined},
           Case{"a candidate", {.has_poison_candidates = true}, ClaimStep::claim_candidate},
           Case{"a candidate comes before retries",
                {.has_poison_candidates = true, .has_retries = true},
                ClaimStep::claim_candidate},
           Case{"Redis takes nothing", {.redis_is_shut = true}, ClaimStep::probe_redis},
           Case{"while Redis takes nothing, nothing is claimed",
                {.redis_is_shut = true,
                .has_poison_candidates = true,
                .has_retries = true,
                .outcomes_are_refused = true},
                ClaimStep::probe_redis},
       }) {
    CAPTURE(one.what);
    CHECK(next_step(one.facts) == one.step);
  }
}

TEST_CASE("after a claim: on while there is more, else a daemon waits, and a run with once comes to its end") {
  struct Case {
    const char* what;
    AfterClaim facts;
    AfterClaimStep step;
  };
  for (const auto& one : {
           Case{"a daemon found none", {}, AfterClaimStep::wait_for_rows},
           Case{"a daemon found a few", {.found_any = true}, AfterClaimStep::wait_for_rows},
           Case{"a daemon found as many as it asked for", {.found_any = true, .more = true}, AfterClaimStep::go_on},
           Case{"a daemon has a candidate", {.has_poison_candidates = true}, AfterClaimStep::go_on},
           Case{"once, with rows found", {.once = true, .found_any = true}, AfterClaimStep::go_on},
           Case{"once, with none left", {.once = true}, AfterClaimStep::see_to_the_end},
           Case{"once, with none among those tried", {.once = true, .more = true}, AfterClaimStep::go_on},
           Case{"once, with none left but a candidate",
                {.once = true, .has_poison_candidates = true},
                AfterClaimStep::see_to_the_end},
       }) {
    CAPTURE(one.what);
    CHECK(step_after(one.facts) == one.step);
  }
}

}  // namespace outboxd
