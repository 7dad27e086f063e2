// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/claim_size.hpp"
#include "dispatch/held_rows.hpp"
#include "dispatch/idle_wait.hpp"
#include "dispatch/ports.hpp"
#include "dispatch/reaper.hpp"
#include "dispatch/redis_gate.hpp"
#include "dispatch/refused_claims.hpp"
#include "dispatch/shared.hpp"
#include "outbox/backoff.hpp"

#include <optional>

namespace outboxd::dispatch {

/// Makes a claim: asks the source, judges the rows that it refuses, accounts for the rows that it returns, and backs
/// off after a failure.
class Claims {
 public:
  /// The parts that learn from claims.
  struct Learners {
    RefusedClaims& refused;
    HeldRows& held;
    IdleWait& idle;
    RedisGate& gate;
    Reaper& reaper;
    ClaimSize& size;
  };

  /// All references must outlive it.
  Claims(const boost::asio::any_io_executor& executor, Shared shared, RowSource& source, Learners learners)
      : shared_{shared},
        source_{source},
        learners_{learners},
        event_{executor},
        backoff_{shared.options.backoff_min, shared.options.backoff_max} {}

  /// Empty where the claim failed; it has backed off then, or given up.
  Awaitable<std::optional<ClaimedRows>> claim(ClaimRequest request);

  /// The store refuses every due row at present, and claims look for rows that it does not refuse.
  [[nodiscard]] bool all_are_refused() const { return learners_.refused.all_are_refused(); }

  /// The wait after a failure of the store.
  Awaitable<void> back_off();

  /// To be called after RunState::stop().
  void stop() { event_.set(); }

 private:
  Awaitable<void> stay_back();
  void account(const ClaimedRows& claimed, TimePoint started);

  Shared shared_;
  RowSource& source_;
  Learners learners_;
  AutoResetEvent event_;
  Backoff backoff_;
};

}  // namespace outboxd::dispatch
