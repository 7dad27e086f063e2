// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/backlog_sampler.hpp"
#include "dispatch/claimer.hpp"
#include "dispatch/completer.hpp"
#include "dispatch/observers.hpp"
#include "dispatch/options.hpp"
#include "dispatch/ports.hpp"
#include "dispatch/pruner.hpp"
#include "dispatch/queue.hpp"
#include "dispatch/reaper.hpp"
#include "dispatch/sender.hpp"
#include "dispatch/tally.hpp"
#include "entry/encoder.hpp"

#include <functional>
#include <optional>
#include <string>
#include <utility>

namespace outboxd::dispatch {

/// The servers, the clock and the observer that a dispatcher uses. All of them must outlive it.
struct DispatcherParts {
  RowSource& source;
  OutcomeSink& outcomes;
  StreamSink& streams;
  Clock& clock;
  Observer& observer;
  entry::Encoder encoder;
  /// Uniform in [0, 1).
  std::function<double()> random;
  /// Each is null where the source does not offer it: then rows are found by polling alone, no leases of dead workers
  /// are ended, nothing is counted, and published rows are kept.
  CommitNotifier* commits = nullptr;
  Housekeeping* housekeeping = nullptr;
  BacklogProbe* backlog = nullptr;
  Retention* retention = nullptr;
};

/// Moves rows from the store to the streams: claim → encode and sign → publish → settle.
///
/// Starts and stops the stages, which run beside each other with bounded queues between them, all on one event loop,
/// so that the next claim runs while this batch is published and the last one is settled. Every claimed row ends in
/// exactly one Outcome.
class Dispatcher {
 public:
  Dispatcher(const boost::asio::any_io_executor& executor, DispatcherOptions options, DispatcherParts parts);

  /// Runs until stop(), or, with `once`, until every row that is due has had its turn. Afterwards no row is in
  /// flight.
  Awaitable<void> run();

  /// Claims nothing more. What is in flight is published and settled within the shutdown time-out, the rest released.
  void stop();
  void use_encoder(entry::Encoder encoder) { sender_.use_encoder(std::move(encoder)); }  ///< Used from now on.

  [[nodiscard]] const Tally& tally() const { return tally_.tally(); }
  /// The last sample of the backlog, if there was one.
  [[nodiscard]] const std::optional<BacklogSample>& backlog() const { return sampler_.last(); }
  /// With `once`: why the run ended early; empty when it did not.
  [[nodiscard]] const std::string& abort_reason() const { return state_.run.abort_reason(); }

 private:
  /// The state that several stages read or change.
  struct State {
    State(const boost::asio::any_io_executor& executor, DispatcherOptions the_options, const DispatcherParts& parts,
          Observer& all_observers);

    DispatcherOptions options;
    std::function<double()> random;
    RunState run;
    HealthReporter health;
    InFlight in_flight;
    Shared shared;

    ClaimSize size;
    IdleWait idle;
    HeldRows held;
    RefusedClaims refused_claims;
    RefusedSettlements refused_settlements;
    PoisonCandidates candidates;
    RedisGate gate;
  };

  Awaitable<void> settle_postponed();

  TallyObserver tally_;
  Observers observers_;
  State state_;
  Queue<Work> to_send_;
  Queue<Settlement> to_settle_;
  Reaper reaper_;
  BacklogSampler sampler_;
  Pruner pruner_;
  Claims claims_;
  Claimer claimer_;
  Sender sender_;
  Completer completer_;
};

}  // namespace outboxd::dispatch
