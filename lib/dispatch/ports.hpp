// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/delivery.hpp"
#include "dispatch/observer.hpp"
#include "dispatch/refused_row.hpp"
#include "outbox/decide.hpp"
#include "outbox/lease_room.hpp"
#include "outbox/missing_workers.hpp"
#include "outbox/outcome.hpp"
#include "outbox/row.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/system/result.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace outboxd::dispatch {

using TimePoint = std::chrono::steady_clock::time_point;

template <class T>
using Awaitable = boost::asio::awaitable<T>;

/// Why the store could not do what it was asked; the dispatcher tries again, whatever it is.
struct StoreError {
  /// For people: the thing, the reason, the remedy.
  std::string text;
  /// The store itself was out of reach, whatever it was asked.
  bool unreachable = false;
  /// The table itself can't be driven as it is; a person has to mend it.
  bool unfit = false;
};

template <class T>
using StoreResult = boost::system::result<T, StoreError>;

struct ClaimRequest {
  std::uint32_t limit = 1;
  /// Claim only what was due at this store time (a ClaimedRows::claimed_at); empty: what is due now.
  std::string due_by;
  /// Claim only rows of these ids; empty: any.
  std::vector<std::string> only{};
  /// Of any, claim none of these ids.
  std::vector<std::string> without{};
  /// Claim no rows of these streams, sorted; not together with `only`.
  std::vector<std::string> except_streams{};
};

/// Rows leased by one claim, in the order in which they are to be published.
struct ClaimedRows {
  std::vector<Row> rows;
  /// Rows that were due, were tried one by one, and could not be claimed. Whether that is for a reason of their own,
  /// or as the table takes no writes at all, is not for the store to say.
  std::vector<RefusedRow> refused;
  /// With refused rows: what to tell people should it be everybody's.
  std::string refusal{};
  /// There are more due, although these are fewer than the limit.
  bool more = false;
  /// Rows were due, although they may be leased or poison candidates; also true where that is not known.
  bool any_due = true;
  /// The store's connection is another one than at the claim before: what it had been asked for is forgotten.
  bool reconnected = false;
  /// Each claim counts as an attempt of its rows, also one without an outcome; else only outcomes count.
  bool claims_count = true;
  /// The store's name for this lease; a settlement returns it.
  std::string lease;
  /// The store's clock at the claim, as the store writes it.
  std::string claimed_at;
  /// By our clock, taken before the claim was sent, so never later than the store's own end of the lease.
  TimePoint lease_ends;
  /// What the dispatcher makes of it.
  LeaseRoom room{};
};

/// The outcomes of rows of one claim.
struct Settlement {
  std::vector<Outcome> outcomes;
  std::string lease;
  TimePoint lease_ends;
  /// Some of it was refused before: to be written row by row where need be.
  bool in_parts = false;
};

/// What became of a settlement. What is in none of these had lost its lease.
struct Settled {
  std::size_t written = 0;
  /// Still without their outcome, though tried one by one: locked by another session, or refused. As in ClaimedRows.
  std::vector<RefusedRow> refused{};
  /// Still without their outcome, as there was no time to try them.
  std::vector<std::string> untried{};
  /// Written, but what was written is not what now stands there; they are no longer ours.
  std::vector<RefusedRow> undone{};
  /// With refused or undone rows: what to tell people should it be everybody's.
  std::string refusal{};
};

/// What a scan of the leases found.
struct LeaseScan {
  WorkerScan workers;
  /// As Housekeeping::poison_candidates().
  std::vector<std::string> poison_candidates;
  /// The scan found due rows that claims would not have found; the next claims take them.
  bool some_overlooked = false;
  /// Set when scans have become slow, or are quick again.
  std::optional<SlowLook> slow{};
};

/// Whether the store notifies of rows that are committed.
enum class WakeUps {
  /// It can't: only polling finds them.
  none,
  /// It can, but not now: others are at work on the table, of whose commits it wouldn't notify.
  not_now,
  /// Every commit that the next claim would miss is notified.
  armed,
};

/// What each port has in common. Expected failures are values; nothing throws for a lost server.
class Port {
 public:
  Port() = default;
  Port(const Port&) = delete;
  Port& operator=(const Port&) = delete;
  virtual ~Port() = default;
};

/// Where rows come from.
class RowSource : public Port {
 public:
  /// Leases due rows, oldest first; poison candidates only by their ids. Fewer than the limit, refused ones included,
  /// means that there were no more, unless the result says otherwise.
  virtual Awaitable<StoreResult<ClaimedRows>> claim(ClaimRequest request) = 0;
};

/// Where the outcomes of rows go.
class OutcomeSink : public Port {
 public:
  /// Writes outcomes where the lease is still ours. One row that can't be written does not keep the others from it.
  virtual Awaitable<StoreResult<Settled>> settle(const Settlement& settlement) = 0;
};

/// What a source of rows needs whose leases may be left by workers that died.
class Housekeeping : public Port {
 public:
  /// Finds workers that hold leases and have no session now, poison candidates, and due rows that claims overlook.
  /// `known`: workers to be looked for wherever their leases are. `due_by` as in ClaimRequest.
  virtual Awaitable<StoreResult<LeaseScan>> scan(std::vector<std::string> known, std::string due_by) = 0;

  /// Ends the leases of these workers, so that claims find their rows. False where a row refuses that: then the
  /// leases end by themselves.
  virtual Awaitable<StoreResult<bool>> end_leases_of(std::vector<std::string> workers) = 0;

  /// Due rows that may have killed their dispatchers: claimed more than once, the last time without an outcome.
  /// Returns ids, those with the fewest attempts first; there may be more. `due_by` as in ClaimRequest.
  virtual Awaitable<StoreResult<std::vector<std::string>>> poison_candidates(std::string due_by) = 0;
};

/// A source that can count what it holds.
class BacklogProbe : public Port {
 public:
  /// Counts the backlog with bounded cost. `due_by` as in ClaimRequest.
  virtual Awaitable<StoreResult<BacklogSample>> sample(std::string due_by) = 0;
};

/// A source that can notify of commits. None of it at the same time as a claim.
class CommitNotifier : public Port {
 public:
  /// Asks for notifications. They cost those who write rows, so they are for a dispatcher with nothing to do.
  virtual Awaitable<WakeUps> arm_wake_ups() = 0;

  /// Does without from now on.
  virtual Awaitable<void> disarm_wake_ups() = 0;

  /// Has `notify` called, once, when rows have been committed since the last claim was sent, or may have been.
  virtual Awaitable<void> notify_on_commit(std::function<void()> notify) = 0;

  /// `notify` is not called any more.
  virtual void stop_notifying() = 0;
};

/// Where entries go. One call at a time.
class StreamSink : public Port {
 public:
  /// Writes the entries of all rows in one go, in order, and sets the reply of each. Begins to write no later than
  /// `not_after` (afterwards nothing is sent: Fault::redis_unreachable) and ends by itself within the configured
  /// time-out. An error reply has the fault that guess_by_words() finds in it. Where the replies can't be told to be
  /// those of these entries, one for each, all that was sent is Fault::unanswered. Does not throw for a lost server.
  virtual Awaitable<void> publish(std::span<Delivery* const> rows, TimePoint not_after) = 0;

  /// Finds out, writing nothing, whether an entry could be written to `stream` now (empty: to any stream), connecting
  /// when there is no connection. Fault::none means yes, as far as can be seen without writing; otherwise the reason,
  /// and the fault as publish() has it.
  virtual Awaitable<Reply> probe(std::string stream) = 0;
};

}  // namespace outboxd::dispatch
