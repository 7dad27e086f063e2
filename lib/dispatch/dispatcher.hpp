// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/alarm.hpp"
#include "dispatch/health_reporter.hpp"
#include "dispatch/idle_wait.hpp"
#include "dispatch/in_flight.hpp"
#include "dispatch/observer.hpp"
#include "dispatch/observers.hpp"
#include "dispatch/options.hpp"
#include "dispatch/ports.hpp"
#include "dispatch/prepare.hpp"
#include "dispatch/queue.hpp"
#include "dispatch/run_state.hpp"
#include "dispatch/tally.hpp"
#include "entry/encoder.hpp"
#include "outbox/backoff.hpp"
#include "outbox/batch_size.hpp"
#include "outbox/blocked_streams.hpp"
#include "outbox/breaker.hpp"
#include "outbox/exploration.hpp"
#include "outbox/quarantine.hpp"
#include "outbox/rate_limit.hpp"
#include "outbox/refusal_judgement.hpp"
#include "outbox/refusals.hpp"
#include "outbox/sent_rows.hpp"
#include "outbox/starvation.hpp"

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
/// Three loops with bounded queues between them, all on one event loop, so that the next claim runs while this batch
/// is published and the last one is settled. Every claimed row ends in exactly one Outcome.
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
  [[nodiscard]] const std::optional<BacklogSample>& backlog() const { return backlog_; }
  /// With `once`: why the run ended early; empty when it did not.
  [[nodiscard]] const std::string& gave_up_because() const { return run_.gave_up_because(); }

 private:
  /// Since when the store has refused everything, without a sign of whose fault that is.
  struct AllRefused {
    std::optional<TimePoint> since;
    TimePoint last{};
    std::string reason;
  };

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
  Awaitable<void> settle_loop();
  Awaitable<void> postponed_loop();
  Awaitable<void> sample_loop();
  Awaitable<void> watch_loop();

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
  /// False when the store could not tell.
  Awaitable<bool> look_for_suspects();
  void remember_suspects(std::vector<std::string> found);
  Awaitable<void> take_a_suspect();
  /// Waits until no row is in flight.
  Awaitable<void> drain();
  /// After a claim that found fewer rows than it asked for: until there may be more.
  Awaitable<void> wait_for_rows(std::size_t found);
  void account_claimed(const ClaimedRows& claimed, TimePoint started);
  /// What a claim could take.
  enum class Scope { all, free_streams, named_rows };
  /// False when the store refuses everything that is due.
  bool judge_claim(ClaimedRows& claimed, Scope scope, std::uint32_t limit);
  Awaitable<void> stay_back_from_claims();
  /// Rows that are left out of ordinary claims, and which of them are to be tried by themselves now.
  [[nodiscard]] std::vector<std::string> left_out() const;
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

  struct Unsettled {
    Settlement settlement;
    /// An earlier try may have been carried out although it failed.
    bool in_doubt = false;
    /// Its rows are postponed, no longer in flight.
    bool postponed = false;
    /// Of a postponed one: when it is tried next, and how long it waited for that.
    TimePoint next_try{};
    std::chrono::milliseconds delay{0};
    /// There was no time for some of them in the last try.
    bool some_untried = false;
    /// Rows that people were told of.
    std::set<std::string> told{};
  };

  Awaitable<void> settle(Unsettled& unsettled);
  /// Afterwards `unsettled` holds the rows that are still without their outcome. False when the store failed.
  Awaitable<bool> try_to_settle(Unsettled& unsettled);
  void postpone(Unsettled unsettled);
  void keep_unwritten(Unsettled& unsettled, const Settled& settled);
  void judge_settlement(Unsettled& unsettled, const Settled& settled);
  void remember_sent(const Settlement& settlement, const Settled& settled, std::size_t leases_lost);
  void remember_unsettled(const Settlement& settlement);
  void give_up_settling(Unsettled& unsettled);
  void let_go_of(const Unsettled& unsettled, std::size_t rows);
  /// How many outcomes were not written as somebody else has, or may have, the rows.
  [[nodiscard]] std::size_t leases_lost(const Unsettled& unsettled, const Settled& settled) const;
  void account_settled(const Settlement& settlement, std::size_t leases_lost);
  /// Tells how many rows are held up, if that has changed.
  void report_held_up();
  void store_was_away();
  Awaitable<void> sample();
  void watch_for_starvation(const BacklogSample& sample);
  Awaitable<void> count_what_remains();

  DispatcherOptions options_;
  DispatcherParts parts_;
  TallyObserver tally_;
  Observers observer_;
  RunState run_;
  HealthReporter health_;
  Trouble& trouble_ = health_.trouble();
  InFlight in_flight_;
  IdleWait idle_;

  Queue<Work> to_publish_;
  Queue<Settlement> to_settle_;
  Alarm claim_alarm_;
  Alarm settle_alarm_;
  Alarm postponed_alarm_;
  Alarm sample_alarm_;
  Alarm watch_alarm_;

  BatchSize batch_;
  RateLimit rate_;
  Breaker breaker_;
  Backoff redis_backoff_;
  Backoff claim_backoff_;
  Backoff settle_backoff_;
  /// The stream of the entry that found Redis out of order; a probe asks for it.
  std::string probe_stream_;
  Refusals refusals_;
  BlockedStreams blocked_;
  /// Streams whose entries were refused since the breaker has opened.
  std::set<std::string> refused_streams_;
  /// One of those that were taken last.
  std::string good_stream_;
  Exploration exploration_;
  /// When a claim last saw that there was nothing to look after.
  TimePoint nothing_due_at_{};
  /// Ids of rows to be taken alone, in this order.
  std::vector<std::string> suspects_;
  std::vector<Unsettled> postponed_;
  RefusalJudgement refused_claims_;
  RefusalJudgement refused_settlements_;
  AllRefused claims_refused_;
  AllRefused settlements_refused_;
  Backoff refused_backoff_;
  Quarantine quarantine_;
  /// Trying them takes a small part of the time.
  TimePoint next_retry_{};
  /// What the observer was told.
  std::size_t told_held_up_ = 0;
  SentRows sent_;
  Starvation starvation_;
  bool no_more_to_postpone_ = false;
  std::optional<BacklogSample> backlog_;
};

}  // namespace outboxd::dispatch
