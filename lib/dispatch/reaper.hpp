// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/idle_wait.hpp"
#include "dispatch/poison_candidates.hpp"
#include "dispatch/ports.hpp"
#include "dispatch/shared.hpp"
#include "outbox/missing_workers.hpp"

#include <string>
#include <vector>

namespace outboxd::dispatch {

/// Scans the leases for dead workers, and ends the leases of these workers.
class Reaper {
 public:
  /// `housekeeping`: null where no leases have to be ended.
  Reaper(const boost::asio::any_io_executor& executor, Shared shared, Housekeeping* housekeeping,
         PoisonCandidates& candidates, IdleWait& idle)
      : shared_{shared}, housekeeping_{housekeeping}, candidates_{candidates}, idle_{idle}, event_{executor} {}

  /// Scans until the run has ended.
  Awaitable<void> run();
  /// To be called after RunState::end().
  void end() { event_.set(); }

  /// A claim sent at `when` found that no row was due, so that no lease can have been abandoned before.
  void nothing_was_due(TimePoint when) { nothing_due_at_ = when; }

 private:
  /// False when the store failed, or refused.
  Awaitable<bool> end_leases_of(std::vector<std::string> workers);

  Shared shared_;
  Housekeeping* housekeeping_;
  PoisonCandidates& candidates_;
  IdleWait& idle_;
  AutoResetEvent event_;
  MissingWorkers missing_;
  TimePoint nothing_due_at_{};
};

}  // namespace outboxd::dispatch
