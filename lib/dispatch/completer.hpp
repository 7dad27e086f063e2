// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/held_rows.hpp"
#include "dispatch/ports.hpp"
#include "dispatch/queue.hpp"
#include "dispatch/refused_settlements.hpp"
#include "dispatch/shared.hpp"
#include "outbox/backoff.hpp"

#include <chrono>
#include <cstddef>
#include <set>
#include <string>
#include <vector>

namespace outboxd::dispatch {

/// Writes outcomes, and keeps them during an outage of the store for as long as the lease lives.
class Completer {
 public:
  /// All references must outlive it.
  Completer(const boost::asio::any_io_executor& executor, Shared shared, OutcomeSink& outcomes,
            Queue<Settlement>& settlements, HeldRows& held, RefusedSettlements& refused)
      : shared_{shared},
        outcomes_{outcomes},
        settlements_{settlements},
        held_{held},
        refused_{refused},
        retry_event_{executor},
        postponed_event_{executor},
        backoff_{shared.options.backoff_min, shared.options.backoff_max} {}

  /// Settles until the queue's end.
  Awaitable<void> run();
  /// Beside run(), settles the batches that run() has postponed, until no more can come.
  Awaitable<void> run_postponed();
  /// To be called after RunState::stop().
  void stop() {
    retry_event_.set();
    postponed_event_.set();
  }

 private:
  struct Unsettled {
    Settlement settlement;
    /// An earlier try has failed, but may have been carried out.
    bool in_doubt = false;
    /// Its rows are postponed, no longer in flight.
    bool postponed = false;
    /// For a postponed batch: when it is tried next, and how long it waits before that.
    TimePoint next_try{};
    std::chrono::milliseconds delay{0};
    /// The last try had no time for some of the rows.
    bool some_untried = false;
    /// Refused rows that have been reported.
    std::set<std::string> reported{};
  };

  Awaitable<void> settle(Unsettled& unsettled);
  /// On return `unsettled` holds the rows that still lack their outcome. False when the store failed.
  Awaitable<bool> try_to_settle(Unsettled& unsettled);
  /// `in_haste`: there is little time left.
  Awaitable<void> try_postponed(Unsettled& unsettled, bool in_haste);
  [[nodiscard]] TimePoint next_try() const;
  void postpone(Unsettled unsettled);
  void keep_unwritten(Unsettled& unsettled, const Settled& settled);
  void remember_sent(const Settlement& settlement, const Settled& settled, std::size_t leases_lost);
  void remember_unsettled(const Settlement& settlement);
  void give_up(Unsettled& unsettled);
  void let_go_of(const Unsettled& unsettled, std::size_t rows);
  /// How many outcomes were not written because another worker has, or may have, the rows.
  [[nodiscard]] std::size_t leases_lost(const Unsettled& unsettled, const Settled& settled) const;
  void report_duplicates(const Settlement& settlement, std::size_t leases_lost);

  Shared shared_;
  OutcomeSink& outcomes_;
  Queue<Settlement>& settlements_;
  HeldRows& held_;
  RefusedSettlements& refused_;
  AutoResetEvent retry_event_;
  AutoResetEvent postponed_event_;
  Backoff backoff_;
  std::vector<Unsettled> postponed_;
  /// run() has ended.
  bool has_settled_all_ = false;
};

}  // namespace outboxd::dispatch
