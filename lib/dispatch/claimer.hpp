// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/breaker_probe.hpp"
#include "dispatch/claim_size.hpp"
#include "dispatch/claims.hpp"
#include "dispatch/held_rows.hpp"
#include "dispatch/idle_wait.hpp"
#include "dispatch/poison_candidates.hpp"
#include "dispatch/quarantine_retries.hpp"
#include "dispatch/queue.hpp"
#include "dispatch/redis_gate.hpp"
#include "dispatch/refused_settlements.hpp"
#include "dispatch/shared.hpp"
#include "dispatch/work.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace outboxd::dispatch {

/// The claim loop: claims rows, and pauses while they could not be published or settled.
class Claimer {
 public:
  /// The parts that decide whether it claims, and which rows. All of them must outlive it.
  struct Parts {
    Claims& claims;
    ClaimSize& size;
    RedisGate& gate;
    IdleWait& idle;
    HeldRows& held;
    RefusedSettlements& refused_settlements;
    PoisonCandidates& candidates;
    Queue<Work>& work;
  };

  Claimer(const boost::asio::any_io_executor& executor, Shared shared, Parts parts)
      : shared_{shared},
        parts_{parts},
        retries_{shared, parts.claims, parts.held},
        breaker_probe_{shared, parts.claims, parts.gate, parts.idle, parts.held, parts.work},
        event_{executor} {}

  /// Claims until no more rows are to be claimed; then ends the queue of work.
  Awaitable<void> run();
  /// To be called after RunState::stop().
  void stop() { event_.set(); }

 private:
  Awaitable<void> probe_redis();
  Awaitable<void> ask_for_probes_of_streams();
  Awaitable<void> claim_candidate();
  Awaitable<void> retry_quarantined(std::vector<std::string> ids);
  /// False when no row may be claimed even after the pause.
  Awaitable<bool> pause_for_outcomes();
  /// False when the run is complete.
  Awaitable<bool> claim_rows();
  Awaitable<void> pass_on(ClaimedRows claimed);
  /// Called after a claim that found fewer rows than it asked for: waits until more may be due.
  Awaitable<void> wait_for_rows(std::size_t found);
  /// With `once`, called after a claim that found nothing: true when every row has had its turn. `was_empty`: no row
  /// was in flight before that claim.
  Awaitable<bool> see_to_the_end(bool was_empty);
  /// Waits until no row is in flight.
  Awaitable<void> drain();
  Awaitable<void> pause(std::chrono::microseconds how_long);

  Shared shared_;
  Parts parts_;
  QuarantineRetries retries_;
  BreakerProbe breaker_probe_;
  AutoResetEvent event_;
};

}  // namespace outboxd::dispatch
