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

/// Scans the leases for workers that died, and ends the leases of these.
class Reaper {
 public:
  /// `housekeeping`: null where there is nothing to end.
  Reaper(const boost::asio::any_io_executor& executor, Shared shared, Housekeeping* housekeeping,
         PoisonCandidates& candidates, IdleWait& idle)
      : shared_{shared}, housekeeping_{housekeeping}, candidates_{candidates}, idle_{idle}, event_{executor} {}

  /// Until the run has ended.
  Awaitable<void> run();
  /// After RunState::end().
  void end() { event_.set(); }

  /// A claim that was sent then found that no row was due: no lease can have been abandoned.
  void nothing_was_due(TimePoint when) { nothing_due_at_ = when; }

 private:
  /// False when the store could not, or would not.
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
