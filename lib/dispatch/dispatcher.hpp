// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/alarm.hpp"
#include "dispatch/backlog_sampler.hpp"
#include "dispatch/completer.hpp"
#include "dispatch/health_reporter.hpp"
#include "dispatch/held_rows.hpp"
#include "dispatch/idle_wait.hpp"
#include "dispatch/in_flight.hpp"
#include "dispatch/observer.hpp"
#include "dispatch/observers.hpp"
#include "dispatch/options.hpp"
#include "dispatch/poison_candidates.hpp"
#include "dispatch/ports.hpp"
#include "dispatch/prepare.hpp"
#include "dispatch/queue.hpp"
#include "dispatch/reaper.hpp"
#include "dispatch/refused_claims.hpp"
#include "dispatch/refused_settlements.hpp"
#include "dispatch/run_state.hpp"
#include "dispatch/tally.hpp"
#include "entry/encoder.hpp"
#include "outbox/backoff.hpp"
#include "outbox/batch_size.hpp"
#include "outbox/blocked_streams.hpp"
#include "outbox/breaker.hpp"
#include "outbox/exploration.hpp"
#include "outbox/rate_limit.hpp"
#include "outbox/refusals.hpp"

#include <functional>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace outboxd::dispatch {

/// What a dispatcher talks to. All of it must outlive the dispatcher.
struct DispatcherParts {
  RowSource& source;
  OutcomeSink& outcomes;
  StreamSink& streams;
  Clock& clock;
  Observer& observer;
  entry::Encoder encoder;
  /// Uniform in [0, 1).
  std::function<double()> random;
  /// Null where the source has none of it: then rows are found by polling alone, no leases are ended for others, and
  /// nothing is counted.
  CommitNotifier* commits = nullptr;
  Housekeeping* housekeeping = nullptr;
  BacklogProbe* backlog = nullptr;
};

/// Moves rows from the store to the streams: claim → encode and sign → publish → settle.
///
/// The stages run beside each other with bounded queues between them, all on one event loop, so that the next claim
/// runs while this batch is published and the last one is settled. Every claimed row ends in exactly one Outcome.
class Dispatcher {
 public:
  Dispatcher(const boost::asio::any_io_executor& executor, DispatcherOptions options, DispatcherParts parts);

  /// Runs until stop(), or, with `once`, until the backlog has had its turn. Afterwards no row is in flight.
  Awaitable<void> run();

  /// Claims nothing more. What is in flight is published and settled within the shutdown time-out, the rest released.
  void stop();
  void use_encoder(entry::Encoder encoder) { parts_.encoder = std::move(encoder); }  ///< From now on.

  [[nodiscard]] const Tally& tally() const { return tally_.tally(); }
  /// The last sample of the backlog, if there was one.
  [[nodiscard]] const std::optional<BacklogSample>& backlog() const { return sampler_.last(); }
  /// With `once`: why the run ended early; empty when it did not.
  [[nodiscard]] const std::string& gave_up_because() const { return run_.gave_up_because(); }

 private:
  [[nodiscard]] Shared shared() {
    return {options_, parts_.clock, observer_, parts_.random, run_, health_, in_flight_};
  }

  /// What goes through the first queue.
  struct Work {
    ClaimedRows claimed;
    /// They are sent although Redis refuses others.
    bool explores = false;
    /// Instead of rows: a blocked stream that is to be probed.
    std::string probe;
  };

  Awaitable<void> claim_loop();
  Awaitable<void> publish_loop();
  Awaitable<void> settle_postponed();

  Awaitable<void> probe();
  void redis_answers();
  /// `in_doubt`: it may yet be but that stream, or an entry of it, that Redis refuses.
  void stay_back(const std::string& reason, const std::string& stream, bool in_doubt = false);
  void redis_is_away(const std::string& reason, const std::string& stream);
  /// Probes a stream that was taken before: where it is taken now, what is refused is those streams' matter. Stays
  /// back where Redis is away.
  Awaitable<bool> others_are_taken();
  /// While Redis refuses all that was sent to some streams: whether it takes entries of others, or, where the probes'
  /// answers don't tell, of these by now. False, and 0, when there was none to send.
  Awaitable<bool> explore(bool probes_tell);
  Awaitable<std::size_t> explore_some(std::size_t limit, bool probes_tell);
  [[nodiscard]] std::vector<std::string> refused_streams() const;
  Awaitable<void> ask_for_probes_of_streams();
  Awaitable<void> probe_stream(const std::string& stream);
  void block(const std::string& stream, const std::string& reason);
  void is_taken(const std::string& stream);
  /// With `once`: whether blocked streams are to be tried some more.
  Awaitable<bool> waits_for_streams();
  Awaitable<std::optional<ClaimedRows>> claim(ClaimRequest request);
  Awaitable<void> claim_a_candidate();
  /// Waits until no row is in flight.
  Awaitable<void> drain();
  /// After a claim that found fewer rows than it asked for: until there may be more.
  Awaitable<void> wait_for_rows(std::size_t found);
  void account_claimed(const ClaimedRows& claimed, TimePoint started);
  Awaitable<void> stay_back_from_claims();
  /// Rows in quarantine that are to be tried by themselves now.
  [[nodiscard]] std::vector<std::string> to_retry();
  Awaitable<void> retry_refused(std::vector<std::string> ids);
  /// While no outcome can be written, and it isn't known why, few rows are claimed. False when none may be.
  Awaitable<bool> outcomes_are_written();
  Awaitable<void> pause(std::chrono::microseconds how_long);

  Awaitable<Settlement> publish(Work work);
  /// Outcomes that need no sending, by their places in the claim.
  using Known = std::vector<std::pair<std::size_t, Outcome>>;
  /// Takes rows out of the claim that have been sent before.
  Known take_sent_before(ClaimedRows& claimed);
  Awaitable<std::vector<Reply>> send(const Prepared& prepared, const Work& work);
  /// Entries of blocked streams get their replies unsent, but for the first ones of each stream on trial.
  void hold_back(Prepared& prepared, const std::vector<Row>& rows) const;
  /// Why nothing may be sent now, if so.
  [[nodiscard]] std::optional<Reply> obstacle(const Work& work, bool explores) const;
  /// Whose fault it is that entries were refused or not answered; sets the replies' faults. False when a probe for it
  /// found that Redis is away.
  Awaitable<bool> judge(std::vector<Reply>& replies, std::span<const entry::Entry> entries);
  void watch_for_outage(const std::vector<Reply>& replies, std::span<const entry::Entry> entries);
  Settlement decide_all(ClaimedRows claimed, const Prepared& prepared);
  void account(const Row& row, const Reply& reply, const Outcome& outcome);

  DispatcherOptions options_;
  DispatcherParts parts_;
  TallyObserver tally_;
  Observers observer_;
  RunState run_;
  HealthReporter health_;
  Trouble& trouble_ = health_.trouble();
  InFlight in_flight_;
  IdleWait idle_;
  HeldRows held_;
  RefusedClaims refused_claims_;
  RefusedSettlements refused_settlements_;
  PoisonCandidates candidates_;
  Reaper reaper_;
  BacklogSampler sampler_;

  Queue<Work> to_publish_;
  Queue<Settlement> to_settle_;
  Completer completer_;
  Alarm claim_alarm_;

  BatchSize batch_;
  RateLimit rate_;
  Breaker breaker_;
  Backoff redis_backoff_;
  Backoff claim_backoff_;
  /// The stream of the entry that found Redis out of order; a probe asks for it.
  std::string probe_stream_;
  Refusals refusals_;
  BlockedStreams blocked_;
  /// Streams whose entries were refused since the breaker has opened.
  std::set<std::string> refused_streams_;
  /// One of those that were taken last.
  std::string good_stream_;
  Exploration exploration_;
  /// Trying them takes a small part of the time.
  TimePoint next_retry_{};
};

}  // namespace outboxd::dispatch
