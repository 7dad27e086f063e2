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

#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace outboxd::dispatch {

/// Knows whether Redis takes entries, of all streams or of some, and finds out when that changes.
class RedisGate {
 public:
  /// All references must outlive it.
  RedisGate(const boost::asio::any_io_executor& executor, Shared shared, StreamSink& streams, IdleWait& idle);

  /// Redis is unreachable or refuses all entries: only BreakerProbe may claim rows.
  [[nodiscard]] bool is_shut() const { return breaker_.is_open(); }
  /// While the gate is shut: the fault of rows that can't be sent for that.
  [[nodiscard]] Fault fault_of_outage() const { return outage_; }
  [[nodiscard]] Breaker& breaker() { return breaker_; }
  [[nodiscard]] BlockedStreams& blocked() { return blocked_; }
  [[nodiscard]] const Refusals& refusals() const { return refusals_; }
  [[nodiscard]] ProbeSchedule& probe_schedule() { return probe_schedule_; }

  /// `explore`: Redis refuses some streams, and also probes of them, so rows of other streams are to be sent.
  /// `explore_all`: its answers to probes mean nothing, so that only entries can show it, including those of refused
  /// streams.
  enum class Next { go_on, explore, explore_all };
  /// While the gate is shut: waits, and probes whether it can open.
  Awaitable<Next> probe();
  /// While the gate is shut: some streams are refused, and others may be taken.
  [[nodiscard]] bool has_refused_streams() const { return !refused_streams_.empty(); }
  /// All streams whose entries are refused, sorted.
  [[nodiscard]] std::vector<std::string> refused_streams() const;

  /// Judges which part is at fault for entries that were refused or not answered in one write. Sets the faults of the
  /// replies, and shuts the gate for an outage. False when its probe found that Redis is unreachable.
  Awaitable<bool> judge(std::span<Delivery* const> sent);

  /// Probes a blocked stream.
  Awaitable<void> probe_stream(const std::string& stream);
  /// Ends the trials of blocked streams in which no entry came.
  void end_idle_trials();
  /// With `once`: whether blocked streams are to be tried again; waits until then.
  Awaitable<bool> wait_for_streams();

  /// To be called after RunState::stop().
  void stop() { event_.set(); }

 private:
  Awaitable<void> pause(std::chrono::microseconds how_long);
  void redis_answers();
  /// Reports that Redis has done what it was asked for, or why not.
  void report_answer();
  void report_failure(const Reply& reply);
  /// `in_doubt`: Redis may be refusing only that stream, or one entry of it.
  void shut(const Reply& reply, const std::string& stream, bool in_doubt = false);
  void redis_is_away(const Reply& reply, const std::string& stream);
  /// The next probe asks for the next one of the refused streams.
  void probe_another_next();
  /// Probes a stream that was taken before. If it is taken now, only the refused streams are at fault. Shuts the gate
  /// where Redis is unreachable.
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
  /// The stream whose entry was refused when the gate was shut; the probe asks for it.
  std::string probe_stream_;
  Refusals refusals_;
  BlockedStreams blocked_;
  /// Streams whose entries were refused since the gate was shut.
  std::set<std::string> refused_streams_;
  /// A stream whose entry was taken lately.
  std::string good_stream_;
  ProbeSchedule probe_schedule_;
  Fault outage_ = Fault::redis_unreachable;
  /// The connections to Redis that were reported.
  std::uint64_t connections_ = 0;
};

/// Redis gave no answer, so that it isn't known whether the entry was written.
[[nodiscard]] inline bool is_no_answer(const Reply& reply) {
  return reply.fault == Fault::redis_unreachable || reply.fault == Fault::redis_login_refused ||
         reply.fault == Fault::unanswered;
}

}  // namespace outboxd::dispatch
