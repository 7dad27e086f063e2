// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/refused_row.hpp"
#include "outbox/failure.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace outboxd::dispatch {

/// What a dispatcher waits for, or that it works. `writes_refused`: Postgres answers, and lets no row be claimed, or
/// no outcome be written.
enum class Health {
  starting,
  working,
  redis_unavailable,
  postgres_unavailable,
  writes_refused,
  table_unfit,
  stopping
};

/// Due rows that claims pass over, as transactions of others have kept them locked for a while.
struct LockedRows {
  /// At most a hundred are counted.
  std::size_t rows = 0;
  /// One of them.
  std::string first{};
  /// For people: whose transactions these are, and since when; empty where that can't be seen.
  std::string who{};
};

/// The state of the table as the store last sampled it; counts are capped at `cap`.
struct BacklogSample {
  std::uint64_t pending = 0;  ///< Not published, not dead: due, leased or scheduled.
  std::uint64_t dead = 0;
  std::uint64_t due = 0;  ///< Of the pending: free to be claimed now.
  std::uint64_t cap = 0;  ///< A count equal to this means "at least this many".
  /// Of the pending: not due yet, and never tried.
  std::uint64_t delayed = 0;
  /// The lag: for how long the row that has waited longest has been due. A row that was tried before counts from its
  /// creation, as its retry has moved the time from which it is due. Empty when nothing is due.
  std::optional<std::chrono::milliseconds> oldest_pending;
  LockedRows locked{};
};

/// What keeps entries of rows that are gone in the table's indexes. `none`: nothing that can be seen.
enum class SnapshotHolder { none, session, prepared_transaction, replication_slot, standby };

/// A look at the table from the start of its index took long: it passes entries of rows that are gone, and that
/// somebody's snapshot keeps, or other dispatchers' rows.
struct SlowLook {
  /// None: looks are quick again.
  std::chrono::nanoseconds took{};
  SnapshotHolder holder = SnapshotHolder::none;
  /// For people: which one, and since when; or why that can't be seen.
  std::string who{};
  /// Where it is known.
  std::optional<std::chrono::seconds> held_for{};
};

/// Learns what happens, in the words of the domain: an override for each kind of event that it is about. Called on
/// the event loop; must not block or throw.
class Observer {
 public:
  Observer() = default;
  Observer(const Observer&) = delete;
  Observer& operator=(const Observer&) = delete;
  virtual ~Observer() = default;

  /// One claim, also one that found nothing.
  virtual void claimed(std::size_t /*rows*/, std::chrono::nanoseconds /*took*/) {}
  /// One pipelined write with all its replies.
  virtual void wrote(std::size_t /*entries*/, std::chrono::nanoseconds /*took*/) {}
  virtual void settled(std::size_t /*rows*/, std::size_t /*leases_lost*/, std::chrono::nanoseconds /*took*/) {}

  /// Redis has accepted this many rows of the stream; or had before, and what was claimed again is only to be marked.
  virtual void published(std::string_view /*stream*/, std::size_t /*rows*/) {}
  /// One row was retried, released or declared dead, and why; the reason is for people.
  virtual void failed(std::string_view /*stream*/, Fault /*fault*/, std::string_view /*reason*/) {}
  virtual void retried() {}
  /// `for_later`: it is not due again at once.
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
  /// The signature of a row's entry is good for another entry, too, and why; the row is dead of it, or goes out.
  virtual void ambiguous_entry(std::string_view /*id*/, std::string_view /*stream*/, std::string_view /*why*/,
                               bool /*dead*/) {}

  /// Redis refuses this stream while it takes others, and its rows are left out from now on; or the reason for that
  /// is another one now. `blocked` is the number of such streams.
  virtual void stream_blocked(std::string_view /*stream*/, std::string_view /*reason*/, std::size_t /*blocked*/) {}
  /// Its rows are taken again, after so long.
  virtual void stream_freed(std::string_view /*stream*/, std::chrono::nanoseconds /*after*/,
                            std::size_t /*blocked*/) {}

  /// Postgres refused these rows at their claim or settlement, while their neighbours went through. At least one.
  virtual void refused_by_store(std::span<const RefusedRow> /*rows*/) {}
  /// So many of them wait for their next try now; told when the number changes.
  virtual void held_up(std::size_t /*rows*/) {}

  /// Whether commits can wake the dispatcher has changed, or is known for the first time.
  virtual void wake_ups(bool /*there*/) {}
  /// A commit, or the end of the connection that would have told of one, has ended the wait for the next claim.
  virtual void woken() {}

  /// Another worker is dead, and its leases have been ended.
  virtual void freed_rows_of(std::string_view /*worker*/) {}

  /// Told again for as long as it is so, about once a minute, and when it is over.
  virtual void looks_are_slow(const SlowLook& /*look*/) {}

  virtual void sampled(const BacklogSample& /*sample*/) {}
  /// The store did not tell, and why: what was sampled before grows old.
  virtual void sample_failed(std::string_view /*reason*/) {}
  /// Changes of the state or of its reason, which is empty for working and stopping.
  virtual void health(Health /*health*/, std::string_view /*reason*/) {}
};

}  // namespace outboxd::dispatch
