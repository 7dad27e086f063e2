// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/refused_row.hpp"
#include "outbox/failure.hpp"
#include "outbox/obstacle.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace outboxd::dispatch {

struct PruneStep;

/// Whether the dispatcher works, or for what it waits. `writes_refused`: Postgres answers, but refuses every claim or
/// every outcome.
enum class Health {
  starting,
  working,
  redis_unavailable,
  postgres_unavailable,
  writes_refused,
  table_unfit,
  stopping
};

/// Due rows that claims skip because other transactions have locked them for a while.
struct LockedRows {
  /// At most a hundred are counted.
  std::size_t rows = 0;
  /// The id of one of them.
  std::string first{};
  /// A readable text: which transactions hold them, and since when; empty where that can't be seen.
  std::string who{};
};

/// The state of the table as the store last sampled it; counts are capped at `cap`.
struct BacklogSample {
  std::uint64_t pending = 0;  ///< Not published, not dead: due, leased or scheduled.
  std::uint64_t dead = 0;
  std::uint64_t due = 0;  ///< Pending rows that can be claimed now.
  std::uint64_t cap = 0;  ///< A count equal to this means "at least this many".
  /// Pending rows that are not due yet and were never tried.
  std::uint64_t delayed = 0;
  /// The lag: how long the oldest due row has been due. A row that was tried before counts from its creation, as a
  /// retry moves the time from which it is due. Empty when no row is due.
  std::optional<std::chrono::milliseconds> oldest_pending;
  LockedRows locked{};
  /// Pending rows that a worker holds.
  std::uint64_t leased = 0;
  /// Pending rows that were tried before, and wait for their next try.
  std::uint64_t retrying = 0;
  /// How old the oldest dead row is, by its last change or else its creation; empty where there is none, or the table
  /// has no such time.
  std::optional<std::chrono::milliseconds> oldest_dead{};
  /// As many rows as may be looked at were due, or are due later, so that there may be more of them.
  bool more_due = false;
  bool more_later = false;
};

/// What keeps index entries of rows that are gone. `none`: no holder is visible.
enum class SnapshotHolder { none, session, prepared_transaction, replication_slot, standby };

/// A query from the start of the table's index took long, because it steps over other dispatchers' rows or over index
/// entries of rows that are gone, which a held snapshot keeps.
struct SlowLook {
  /// Zero: such queries are quick again.
  std::chrono::nanoseconds took{};
  SnapshotHolder holder = SnapshotHolder::none;
  /// A readable text: which session holds the snapshot, and since when; or why that can't be seen.
  std::string who{};
  /// How long the snapshot has been held, where that is known.
  std::optional<std::chrono::seconds> held_for{};
};

/// Learns what happens, in the words of the domain: override the functions for the events of interest. Called on the
/// event loop; must not block or throw.
class Observer {
 public:
  Observer() = default;
  Observer(const Observer&) = delete;
  Observer& operator=(const Observer&) = delete;
  virtual ~Observer() = default;

  /// A claim has ended, even one that found nothing.
  virtual void claimed(std::size_t /*rows*/, std::chrono::nanoseconds /*took*/) {}
  /// A pipelined write has ended, with all its replies.
  virtual void wrote(std::size_t /*entries*/, std::chrono::nanoseconds /*took*/) {}
  virtual void settled(std::size_t /*rows*/, std::size_t /*leases_lost*/, std::chrono::nanoseconds /*took*/) {}

  /// Redis has accepted this many rows of the stream, or had accepted them before, so that they are only to be
  /// marked.
  virtual void published(std::string_view /*stream*/, std::size_t /*rows*/) {}
  /// Redis has taken entries in one write. The latencies are those of the rows of which it is known since when they
  /// have been due (Row::waited), from then to the reply.
  virtual void reached_streams(std::span<const std::chrono::nanoseconds> /*latencies*/) {}
  /// One row was retried, released or declared dead, and why; the reason is a readable text.
  virtual void failed(std::string_view /*stream*/, Fault /*fault*/, std::string_view /*reason*/) {}
  virtual void retried(std::string_view /*stream*/, Fault /*fault*/) {}
  /// One row was given back. `for_later`: it is not due again at once.
  virtual void released(bool /*for_later*/) {}
  /// `stream` is empty where the row could not be read.
  virtual void died(std::string_view /*id*/, std::string_view /*stream*/, Fault /*fault*/,
                    std::string_view /*reason*/) {}
  /// The outcomes of these rows could not be written in time; they are claimed again when their lease ends.
  virtual void unsettled(std::size_t /*rows*/) {}
  /// The row may already be in its stream and will be sent again.
  virtual void possible_duplicate() {}
  /// A payload carried this many reserved field names, which were dropped.
  virtual void reserved_fields_dropped(std::string_view /*stream*/, std::size_t /*fields*/) {}
  /// The signature of a row's entry also fits another entry, and why; the row is declared dead, or goes out anyway.
  virtual void ambiguous_entry(std::string_view /*id*/, std::string_view /*stream*/, std::string_view /*why*/,
                               bool /*dead*/) {}

  /// Redis refuses this stream while it takes others, so its rows are left out from now on; or the reason for that
  /// has changed. `blocked` is the number of such streams.
  virtual void stream_blocked(std::string_view /*stream*/, std::string_view /*reason*/, std::size_t /*blocked*/) {}
  /// Redis takes the stream's rows again, after this long.
  virtual void stream_freed(std::string_view /*stream*/, std::chrono::nanoseconds /*after*/,
                            std::size_t /*blocked*/) {}

  /// Postgres refused these rows at their claim or settlement, while their neighbours went through. At least one.
  virtual void refused_by_store(std::span<const RefusedRow> /*rows*/) {}
  /// The number of refused rows that wait for their next try now; called when it changes.
  virtual void held_up(std::size_t /*rows*/) {}

  /// Whether commits can wake the dispatcher has changed, or is known for the first time.
  virtual void wake_ups(bool /*there*/) {}
  /// The wait for the next claim ended by a commit, or by the end of the connection that would have reported one.
  virtual void woken() {}

  /// Another worker is dead, and its leases have been ended.
  virtual void freed_rows_of(std::string_view /*worker*/) {}

  /// Called about once a minute as long as such queries are slow, and once when they are quick again.
  virtual void looks_are_slow(const SlowLook& /*look*/) {}

  /// A step of removing old published rows has ended.
  virtual void pruned(const PruneStep& /*step*/) {}
  /// The step failed, and why.
  virtual void prune_failed(std::string_view /*reason*/) {}

  virtual void sampled(const BacklogSample& /*sample*/) {}
  /// Sampling failed, and why: the last sample grows stale.
  virtual void sample_failed(std::string_view /*reason*/) {}
  /// A try to use a server failed, and why: also each of those with which an outage's end is waited for.
  virtual void server_failed(Server /*server*/, Obstacle /*obstacle*/) {}
  /// A server has done what it was asked for. `reconnected`: over another connection than the last time.
  virtual void server_answered(Server /*server*/, bool /*reconnected*/) {}
  /// Whether Redis as a whole takes no entries, so that no rows are claimed, has changed. It begins open.
  virtual void breaker(bool /*open*/) {}
  /// The state or its reason has changed; the reason is empty for working and stopping.
  virtual void health(Health /*health*/, std::string_view /*reason*/) {}
};

}  // namespace outboxd::dispatch
