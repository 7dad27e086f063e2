// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/dispatcher.hpp"
#include "simulation/life.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace outboxd::simulation {

/// Claims begin with so many rows after an outage, and with twice as many for each write that was taken since.
constexpr std::uint32_t kFewRows = 8;

/// One row of one claim: what its dispatcher was told of it, and what it made of that.
struct ClaimedRow {
  Row row;
  Poison poison = Poison::none;
  bool sent = false;
  /// Of a sent one: what Redis meant, and said.
  Fault meant = Fault::none;
  std::string text;
  /// Of an unanswered one: it was alone, and others went through since it was last unanswered.
  bool singled_out = false;
  /// Of a refused one: others of its stream were taken after it, or since it was last refused.
  bool others_went_through = false;
  std::optional<Verdict> verdict;
  /// Whether the outcome stands in the table.
  bool written = false;
  /// The outcome is still to be brought: not yet, or once more as the store did not write it.
  bool left = true;
};

/// A row that was sent, and what Redis meant by its reply.
struct Answered {
  const dispatch::Delivery* row;
  Fault meant;
};

/// Which promise about outcomes this one breaks; empty: none. The table of reasons in deploy/GUARANTEES.md, again.
[[nodiscard]] std::string broken_rule(const ClaimedRow& claimed, const Outcome& outcome, const RetryPolicy& policy);

/// Keeps book of one dispatcher, from outside: each row that it was given, each reply that it got, and each outcome
/// that it brought. Whatever doesn't fit is a fault.
class Ledger {
 public:
  Ledger(World& world, Life& life, const dispatch::DispatcherOptions& options)
      : world_{world}, life_{life}, options_{options} {}

  void asks_for_rows(const dispatch::ClaimRequest& request);
  void gets_rows(const dispatch::ClaimedRows& claimed, TimePoint asked_at);
  void brings_outcomes(const dispatch::Settlement& settlement);
  void outcome_is_written(const dispatch::Settlement& settlement, const std::string& id);
  /// The store says no to a single outcome of it.
  void outcome_is_refused(const dispatch::Settlement& settlement);
  void settling_fails(const dispatch::Settlement& settlement, bool unreachable, bool maybe_carried_out);
  void is_settled(const dispatch::Settlement& settlement, const dispatch::Settled& settled);

  void sends(std::span<dispatch::Delivery* const> rows, TimePoint not_after);
  void gets_replies(std::span<const Answered> write);
  void probes();
  void probe_ends(const std::string& stream, const Reply& reply);

  /// The run has ended in order: nothing may be in hand, and the tally must be what happened; and so must the reasons
  /// that were told for rows that were not published.
  void close(const dispatch::Tally& tally, std::map<Fault, std::uint64_t> reasons);

  /// A lease was lost to others. It may, if its worker met trouble.
  void loses(const std::string& lease);
  /// When it last learned what is due.
  [[nodiscard]] TimePoint last_claim_at() const { return last_claim_at_; }
  /// It is in its stream, though that may not be written yet.
  [[nodiscard]] bool has_sent(const std::string& id) const { return sent_before_.contains(id); }
  /// The stream was refused, and nothing of it taken since.
  [[nodiscard]] bool is_refused(const std::string& stream) const { return may_be_blocked(stream, TimePoint::max()); }
  [[nodiscard]] const std::string& due_by() const { return due_by_; }
  [[nodiscard]] std::size_t leases_in_hand() const { return leases_.size(); }

 private:
  struct Lease {
    TimePoint asked_at{};
    TimePoint arrived{};
    TimePoint ends{};
    std::vector<ClaimedRow> rows;
    /// Rows before this one have been sent or passed over.
    std::size_t next = 0;
    bool brought = false;
    int failures = 0;
    bool maybe_carried_out = false;
    bool refused = false;
    TimePoint failed_at{};
    bool failed_past_deadline = false;
    bool unreachable = false;
    /// Some of it was refused: those rows are brought beside other leases, at last tried then, so often already, for
    /// the first time then.
    bool is_postponed = false;
    TimePoint tried_at{};
    TimePoint postponed_at{};
    int tries = 0;
    bool some_untried = false;
  };
  /// What tally() must come to, as far as it can be known from outside.
  struct Expected {
    std::uint64_t claimed = 0, published = 0, retried = 0, dead = 0, released = 0, unsettled = 0;
    /// Why rows were not published, as far as it can be seen: what was not sent for whatever reason counts together.
    std::map<Fault, std::uint64_t> reasons;
    std::uint64_t fewest_lost = 0, most_lost = 0, fewest_duplicates = 0, most_duplicates = 0;
  };

  void fault(const std::string& text) { world_.fault(life_.worker() + ": " + text); }
  void expect(bool kept, const std::string& promise) {
    if (!kept) fault(promise);
  }
  ClaimedRow* find_sent(Lease& lease, const std::string& id);
  void brings_for_the_first_time(Lease& lease, const dispatch::Settlement& settlement);
  void brings_the_rest(Lease& lease, const dispatch::Settlement& settlement);
  /// Ends the lease's entry where the dispatcher has no more time for its outcomes.
  void postponed_is_over(const std::string& name, bool unreachable);
  /// It was sent by an earlier claim, and now only gets its outcome, or is held.
  [[nodiscard]] bool needs_no_sending(const ClaimedRow& row, const Outcome& outcome) const;
  /// `answered` is one of the write.
  [[nodiscard]] bool others_went_through(std::span<const Answered> write, const Answered& answered) const;
  void remember_taken(std::span<const Answered> write);
  void remember_refused(std::span<const Answered> write);
  [[nodiscard]] bool may_be_blocked(const std::string& stream, TimePoint asked_at) const;
  void check_unsent(const Lease& lease, const ClaimedRow& row, const Outcome& outcome);
  [[nodiscard]] Fault reason_of(const ClaimedRow& row) const;
  void count_outcome(const ClaimedRow& row, const Outcome& outcome);
  void gives_up(Lease& lease);
  void expect_count(const char* what, std::uint64_t told, std::uint64_t fewest, std::uint64_t most);

  World& world_;
  Life& life_;
  const dispatch::DispatcherOptions& options_;
  std::map<std::string, Lease> leases_;
  /// Rows that this process sent, and brought as published: they may be due again for the want of their outcome.
  std::set<std::string> sent_before_;
  /// Rows among them that the store refused to mark.
  std::set<std::string> unmarked_;
  /// The lease whose outcomes are being brought, again and again if need be.
  std::string settling_;
  Expected expected_;
  std::string due_by_;
  TimePoint last_claim_at_{};

  /// Redis has given a sign of trouble, or none of life yet, since the last probe that was answered.
  bool redis_in_doubt_ = true;
  TimePoint doubted_at_{};
  /// The last write had refusals: a probe may yet be needed to judge whose fault they are.
  bool judges_refusals_ = false;
  /// How many rows the first claim after an outage may take; nothing once there was one.
  std::optional<std::uint32_t> rows_after_doubt_ = kFewRows;
  std::optional<TimePoint> probe_failed_at_;
  /// Entries that Redis took.
  std::uint64_t answered_ = 0;
  /// Rows that were in an unanswered write: when, and the count of those then.
  struct Unanswered {
    TimePoint at;
    std::uint64_t answered;
    /// Refused since, whosever fault that was.
    bool refused = false;
  };
  std::map<std::string, Unanswered> unanswered_;
  /// Entries taken, by stream.
  std::map<std::string, std::uint64_t> taken_;
  /// Of each row that was refused, how many of its stream had been taken then.
  std::map<std::string, std::uint64_t> refused_;
  /// Streams that were refused, and since when entries of them are taken again; the end of time: they aren't.
  std::map<std::string, TimePoint> taken_again_;
};

/// The name of the claim that an entry's row comes from.
[[nodiscard]] std::string lease_of(const entry::Entry& entry);
/// A payload that names its claim, so that an entry tells which one it comes from.
[[nodiscard]] std::string payload_of_lease(const std::string& lease, std::size_t bytes = 0);

}  // namespace outboxd::simulation
