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

/// The first claim after an outage takes so many rows, and twice as many after each write that was taken since.
constexpr std::uint32_t kFewRows = 8;

/// One row of one claim: the answers that its dispatcher got for it, and the outcome that it decided.
struct ClaimedRow {
  Row row;
  Poison poison = Poison::none;
  bool sent = false;
  /// For a row that was sent: the fault that Redis meant, and its words.
  Fault meant = Fault::none;
  std::string text;
  /// For an unanswered row: it was alone, and others went through since it was last unanswered.
  bool singled_out = false;
  /// For a refused row: others of its stream were taken after it, or since it was last refused.
  bool others_went_through = false;
  std::optional<Verdict> verdict;
  /// Whether the outcome is written in the table.
  bool written = false;
  /// The outcome is still to be settled: it was not yet, or the store did not write it.
  bool left = true;
};

/// A row that was sent, and the fault that Redis meant by its reply.
struct Answered {
  const dispatch::Delivery* row;
  Fault meant;
};

/// The promise about outcomes that this one breaks; empty: none. Repeats the table of reasons in
/// deploy/GUARANTEES.md.
[[nodiscard]] std::string broken_rule(const ClaimedRow& claimed, const Outcome& outcome, const RetryPolicy& policy);

/// Records one dispatcher from outside: each row that it claimed, each reply that it got, and each outcome that it
/// settled. Reports a fault where they contradict each other.
class Ledger {
 public:
  Ledger(World& world, Life& life, const dispatch::DispatcherOptions& options)
      : world_{world}, life_{life}, options_{options} {}

  void asks_for_rows(const dispatch::ClaimRequest& request);
  void gets_rows(const dispatch::ClaimedRows& claimed, TimePoint asked_at);
  void brings_outcomes(const dispatch::Settlement& settlement);
  void outcome_is_written(const dispatch::Settlement& settlement, const std::string& id);
  /// The store refuses a single outcome of the settlement.
  void outcome_is_refused(const dispatch::Settlement& settlement);
  void settling_fails(const dispatch::Settlement& settlement, bool unreachable, bool maybe_carried_out);
  void is_settled(const dispatch::Settlement& settlement, const dispatch::Settled& settled);

  void sends(std::span<dispatch::Delivery* const> rows, TimePoint not_after);
  void gets_replies(std::span<const Answered> write);
  void probes();
  void probe_ends(const std::string& stream, const Reply& reply);

  /// The run has ended normally: no row may be in flight, and the tally and the reasons for rows that were not
  /// published must agree with what happened.
  void close(const dispatch::Tally& tally, std::map<Fault, std::uint64_t> reasons);

  /// A lease was lost to another worker, which may only happen after a fault around this worker.
  void loses(const std::string& lease);
  /// When it last learned which rows are due.
  [[nodiscard]] TimePoint last_claim_at() const { return last_claim_at_; }
  /// The row is in its stream, even if that isn't written yet.
  [[nodiscard]] bool has_sent(const std::string& id) const { return sent_before_.contains(id); }
  /// The stream was refused, and no entry of it has been taken since.
  [[nodiscard]] bool is_refused(const std::string& stream) const { return may_be_blocked(stream, TimePoint::max()); }
  [[nodiscard]] const std::string& due_by() const { return due_by_; }
  [[nodiscard]] std::size_t leases_in_hand() const { return leases_.size(); }

 private:
  struct Lease {
    TimePoint asked_at{};
    TimePoint arrived{};
    TimePoint ends{};
    std::vector<ClaimedRow> rows;
    /// Rows before this one have been sent or skipped.
    std::size_t next = 0;
    bool brought = false;
    int failures = 0;
    bool maybe_carried_out = false;
    bool refused = false;
    TimePoint failed_at{};
    bool failed_past_deadline = false;
    bool unreachable = false;
    /// Some outcomes were refused: these rows are settled beside other leases. When that was tried last, how often,
    /// and when first.
    bool is_postponed = false;
    TimePoint tried_at{};
    TimePoint postponed_at{};
    int tries = 0;
    bool some_untried = false;
  };
  /// The expected tally, as far as it can be known from outside.
  struct Expected {
    std::uint64_t claimed = 0, published = 0, retried = 0, dead = 0, released = 0, unsettled = 0;
    /// Why rows were not published, as far as that can be seen: all reasons for not sending a row count together.
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
  /// The row was sent by an earlier claim, so now only its outcome is written, or it is held.
  [[nodiscard]] bool needs_no_sending(const ClaimedRow& row, const Outcome& outcome) const;
  /// `answered` is one row of the write.
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
  /// Rows that this process sent and settled as published: they may be due again if that was not written.
  std::set<std::string> sent_before_;
  /// Rows among them that the store refused to mark.
  std::set<std::string> unmarked_;
  /// The lease whose outcomes are being settled, repeatedly if necessary.
  std::string settling_;
  Expected expected_;
  std::string due_by_;
  TimePoint last_claim_at_{};

  /// Redis has shown a fault, or not answered at all yet, since the last probe that was answered.
  bool redis_in_doubt_ = true;
  TimePoint doubted_at_{};
  /// The last write had refusals: a probe may be needed to judge what is at fault.
  bool judges_refusals_ = false;
  /// How many rows the first claim after an outage may take; empty once it was made.
  std::optional<std::uint32_t> rows_after_doubt_ = kFewRows;
  std::optional<TimePoint> probe_failed_at_;
  /// The number of entries that Redis took.
  std::uint64_t answered_ = 0;
  /// Rows that were in an unanswered write: when, and the number of such rows at that time.
  struct Unanswered {
    TimePoint at;
    std::uint64_t answered;
    /// Refused since, whatever was at fault.
    bool refused = false;
  };
  std::map<std::string, Unanswered> unanswered_;
  /// Entries taken, by stream.
  std::map<std::string, std::uint64_t> taken_;
  /// For each refused row, how many entries of its stream had been taken at that time.
  std::map<std::string, std::uint64_t> refused_;
  /// Streams that were refused, and since when their entries are taken again; the end of time: not yet.
  std::map<std::string, TimePoint> taken_again_;
};

/// The name of the claim that an entry's row comes from.
[[nodiscard]] std::string lease_of(const entry::Entry& entry);
/// A payload that names its claim, so that an entry shows from which claim it comes.
[[nodiscard]] std::string payload_of_lease(const std::string& lease, std::size_t bytes = 0);

}  // namespace outboxd::simulation
