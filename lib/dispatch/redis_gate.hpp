// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/idle_wait.hpp"
#include "dispatch/ports.hpp"
#include "dispatch/shared.hpp"
#include "outbox/backoff.hpp"
#include "outbox/blocked_streams.hpp"
#include "outbox/breaker.hpp"
#include "outbox/probe_schedule.hpp"
#include "outbox/refusals.hpp"

#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace outboxd::dispatch {

/// Whether Redis takes entries, as a whole and of which streams, and how to find out when that changes.
class RedisGate {
 public:
  /// All references must outlive it.
  RedisGate(const boost::asio::any_io_executor& executor, Shared shared, StreamSink& streams, IdleWait& idle);

  /// Redis is unreachable or refuses everyone: nothing is to be claimed but what explores that.
  [[nodiscard]] bool is_shut() const { return breaker_.is_open(); }
  [[nodiscard]] Breaker& breaker() { return breaker_; }
  [[nodiscard]] BlockedStreams& blocked() { return blocked_; }
  [[nodiscard]] const Refusals& refusals() const { return refusals_; }
  [[nodiscard]] ProbeSchedule& probe_schedule() { return probe_schedule_; }

  /// `explore`: Redis refuses some streams, as probes of them do, too. `explore_all`: what it answers to probes says
  /// nothing, so that only entries tell, also those of refused streams.
  enum class Next { go_on, explore, explore_all };
  /// While it is shut: waits, and probes whether it still has to be.
  Awaitable<Next> probe();
  /// Has not been answered otherwise since: some streams are refused, and others may be taken.
  [[nodiscard]] bool has_refused_streams() const { return !refused_streams_.empty(); }
  /// All streams whose entries are refused, sorted.
  [[nodiscard]] std::vector<std::string> refused_streams() const;

  /// Judges the replies to one write: whose fault it is that entries were refused or not answered. Sets the replies'
  /// faults, and shuts the gate for an outage. False when a probe for it found that Redis is unreachable.
  Awaitable<bool> judge(std::span<Delivery* const> sent);

  /// Probes a blocked stream.
  Awaitable<void> probe_stream(const std::string& stream);
  /// Ends trials of blocked streams in which nothing came.
  void end_idle_trials();
  /// With `once`: whether blocked streams are to be tried some more; waits until then.
  Awaitable<bool> wait_for_streams();

  /// After RunState::stop().
  void stop() { event_.set(); }

 private:
  Awaitable<void> pause(std::chrono::microseconds how_long);
  void redis_answers();
  /// `in_doubt`: it may yet be but that stream, or an entry of it, that Redis refuses.
  void shut(const std::string& reason, const std::string& stream, bool in_doubt = false);
  void redis_is_away(const std::string& reason, const std::string& stream);
  /// Of the streams that are refused, the next one is probed.
  void probe_another_next();
  /// Probes a stream that was taken before: where it is taken now, what is refused is those streams' matter. Shuts
  /// the gate where Redis is unreachable.
  Awaitable<bool> others_are_taken();
  Awaitable<bool> judge_faults(std::span<const SentEntry> sent);
  void watch_for_outage(std::span<const SentEntry> sent);
  void block(const std::string& stream, const std::string& reason);
  void is_taken(std::string_view stream);

  Shared shared_;
  StreamSink& streams_;
  IdleWait& idle_;
  AutoResetEvent event_;
  Breaker breaker_;
  Backoff backoff_;
  /// The stream of the entry that found Redis out of order; a probe asks for it.
  std::string probe_stream_;
  Refusals refusals_;
  BlockedStreams blocked_;
  /// Streams whose entries were refused since the gate was shut.
  std::set<std::string> refused_streams_;
  /// One of those that were taken last.
  std::string good_stream_;
  ProbeSchedule probe_schedule_;
};

/// Redis gave no answer, so that it isn't known what became of the entry.
[[nodiscard]] inline bool is_no_answer(const Reply& reply) {
  return reply.fault == Fault::redis_unreachable || reply.fault == Fault::unanswered;
}

}  // namespace outboxd::dispatch
