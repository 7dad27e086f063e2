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

/// Why a call of the store failed; the dispatcher tries again in any case.
struct StoreError {
  /// A readable text: the thing, the reason, the remedy.
  std::string text;
  /// The store was unreachable, so the failure does not depend on the call.
  bool unreachable = false;
  /// The table can't be used as it is; an operator has to change it.
  bool unfit = false;
  /// With `unreachable`: the server refuses the user or the password.
  bool login_refused = false;

  [[nodiscard]] Obstacle obstacle() const {
    if (unfit) return Obstacle::unfit;
    if (login_refused) return Obstacle::login_refused;
    return unreachable ? Obstacle::unreachable : Obstacle::refused;
  }
};

template <class T>
using StoreResult = boost::system::result<T, StoreError>;

struct ClaimRequest {
  std::uint32_t limit = 1;
  /// Claim only rows that were due at this store time (a ClaimedRows::claimed_at); empty: rows that are due now.
  std::string due_by;
  /// Claim only rows with these ids; empty: any row.
  std::vector<std::string> only{};
  /// Claim no rows with these ids; without effect on `only`.
  std::vector<std::string> without{};
  /// Claim no rows of these streams, sorted; not together with `only`.
  std::vector<std::string> except_streams{};
};

/// Rows leased by one claim, in the order in which they are to be published.
struct ClaimedRows {
  std::vector<Row> rows;
  /// Rows that were due, were tried one by one, and could not be leased. The store does not judge whether they are at
  /// fault themselves or the table takes no writes at all.
  std::vector<RefusedRow> refused;
  /// With refused rows: a readable text for the case that the table refuses all of them.
  std::string refusal{};
  /// More rows are due, although fewer than the limit were claimed.
  bool more = false;
  /// Rows were due, even if they are leased or poison candidates; also true where that is not known.
  bool any_due = true;
  /// The store has reconnected since the last claim, so wake-ups that were armed before are lost.
  bool reconnected = false;
  /// Each claim counts as an attempt of its rows, even without an outcome; otherwise only outcomes count.
  bool claims_count = true;
  /// The store's name for this lease; a settlement returns it.
  std::string lease;
  /// The store's clock at the claim, as the store writes it.
  std::string claimed_at;
  /// By the local clock, taken before the claim was sent, so never later than the lease's end in the store.
  TimePoint lease_ends;
  /// How much of the lease is left; set by the dispatcher.
  LeaseRoom room{};
};

/// The outcomes of the rows of one claim.
struct Settlement {
  std::vector<Outcome> outcomes;
  std::string lease;
  TimePoint lease_ends;
  /// Some of the outcomes were refused before: write them row by row where necessary.
  bool in_parts = false;
};

/// The result of a settlement. A row that is in none of the lists had lost its lease.
struct Settled {
  std::size_t written = 0;
  /// Rows whose outcome was tried alone and not written: locked by another session, or refused. As in ClaimedRows.
  std::vector<RefusedRow> refused{};
  /// Rows whose outcome was not written because there was no time to try it.
  std::vector<std::string> untried{};
  /// Rows whose outcome was written but undone, by a trigger for instance; the lease no longer holds them.
  std::vector<RefusedRow> undone{};
  /// With refused or undone rows: a readable text for the case that the table refuses all of them.
  std::string refusal{};
};

/// The result of a scan of the leases.
struct LeaseScan {
  WorkerScan workers;
  /// As Housekeeping::poison_candidates().
  std::vector<std::string> poison_candidates;
  /// The scan found due rows that claims would have missed; the next claims take them.
  bool some_overlooked = false;
  /// Set when scans have become slow, or are quick again.
  std::optional<SlowLook> slow{};
};

/// The result of a step of pruning.
struct PruneStep {
  enum class State {
    /// More rows may be old enough.
    goes_on,
    /// No further row is old enough.
    complete,
    /// Nothing was removed, as rows have been due for long.
    overdue,
    /// Nothing was removed, as rows may have been due for long, which is known after another look.
    unknown,
    /// Nothing was removed, as this role may not.
    forbidden,
    /// Nothing was removed, as another dispatcher is removing old rows of this table.
    elsewhere,
    /// Postgres refuses to remove any row.
    refused,
  };
  State state = State::goes_on;
  /// How many rows were removed.
  std::size_t rows = 0;
  /// Old rows that were left, as other sessions have locked or changed them, or a trigger keeps them.
  std::size_t kept = 0;
  /// Rows that can't be removed, and why.
  std::vector<RefusedRow> refused{};
};

/// Whether the store notifies of commits.
enum class WakeUps {
  /// The store can't notify: only polling finds rows.
  none,
  /// The store can't notify now: other sessions are writing to the table, and their commits would not be notified.
  not_now,
  /// Every commit that the next claim would miss is notified.
  armed,
};

/// The common base of the ports. Expected failures are values; no function throws when a server is lost.
class Port {
 public:
  Port() = default;
  Port(const Port&) = delete;
  Port& operator=(const Port&) = delete;
  virtual ~Port() = default;
};

/// The source of rows.
class RowSource : public Port {
 public:
  /// Leases due rows, oldest first; poison candidates only by their ids. Fewer rows than the limit, counting refused
  /// ones, mean that no more were due, unless the result says otherwise.
  virtual Awaitable<StoreResult<ClaimedRows>> claim(ClaimRequest request) = 0;
};

/// The sink for the outcomes of rows.
class OutcomeSink : public Port {
 public:
  /// Writes outcomes where the lease is still held. A row that can't be written does not hold up the others.
  virtual Awaitable<StoreResult<Settled>> settle(const Settlement& settlement) = 0;
};

/// Needed where workers that die may leave leases behind.
class Housekeeping : public Port {
 public:
  /// Finds workers that hold leases without having a session, poison candidates, and due rows that claims would miss.
  /// `known`: workers to look for wherever their leases are. `due_by` as in ClaimRequest.
  virtual Awaitable<StoreResult<LeaseScan>> scan(std::vector<std::string> known, std::string due_by) = 0;

  /// Ends the leases of these workers, so that claims find their rows. False where the store refuses that for a row:
  /// then the leases expire by themselves.
  virtual Awaitable<StoreResult<bool>> end_leases_of(std::vector<std::string> workers) = 0;

  /// Due rows that may have killed their dispatchers: claimed more than once, the last time without an outcome.
  /// Returns ids, fewest attempts first; there may be more rows. `due_by` as in ClaimRequest.
  virtual Awaitable<StoreResult<std::vector<std::string>>> poison_candidates(std::string due_by) = 0;
};

/// Counts the rows of a source.
class BacklogProbe : public Port {
 public:
  /// Counts the backlog with bounded cost. `due_by` as in ClaimRequest.
  virtual Awaitable<StoreResult<BacklogSample>> sample(std::string due_by) = 0;
};

/// Removes published rows that are older than they are kept.
class Retention : public Port {
 public:
  /// Removes a few rows.
  virtual Awaitable<StoreResult<PruneStep>> prune() = 0;
  /// For how long published rows are kept.
  [[nodiscard]] virtual std::chrono::milliseconds age() const = 0;
};

/// Notifies of commits. No function may be called during a claim.
class CommitNotifier : public Port {
 public:
  /// Asks for notifications. They slow down the writers, so only an idle dispatcher asks for them.
  virtual Awaitable<WakeUps> arm_wake_ups() = 0;

  /// Ends notifications.
  virtual Awaitable<void> disarm_wake_ups() = 0;

  /// `notify` is called once when rows have been committed since the last claim was sent, or may have been.
  virtual Awaitable<void> notify_on_commit(std::function<void()> notify) = 0;

  /// Afterwards `notify` is not called.
  virtual void stop_notifying() = 0;
};

/// The sink for entries. One call at a time.
class StreamSink : public Port {
 public:
  /// Writes the entries of all rows at once, in order, and sets the reply of each. Does not begin to write after
  /// `not_after` (then nothing is sent: Fault::redis_unreachable) and ends within the configured time-out. An error
  /// reply gets the fault that guess_by_words() finds. Where replies and entries can't be matched one to one, every
  /// entry that was sent is Fault::unanswered. Does not throw when the server is lost.
  virtual Awaitable<void> publish(std::span<Delivery* const> rows, TimePoint not_after) = 0;

  /// Finds out, without writing, whether an entry could be written to `stream` now (empty: to any stream), and
  /// connects if there is no connection. Fault::none means yes, as far as that can be seen without writing; otherwise
  /// the reply has the reason, and the fault as publish() sets it.
  virtual Awaitable<Reply> probe(std::string stream) = 0;

  /// How many connections have been opened so far.
  [[nodiscard]] virtual std::uint64_t connections() const { return 0; }
};

}  // namespace outboxd::dispatch
