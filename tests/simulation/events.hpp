// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace outboxd::simulation {

/// The counted events of a run: a kind that never happens shows that the simulation does not cover it.
enum class Event : std::uint8_t {
  // Processes.
  crash,
  crash_in_write,
  crash_by_row,
  stop,
  stop_with_rows_in_hand,
  once_run,
  once_gave_up,
  // The store.
  statement_failed,
  statement_timed_out,
  answer_late,
  claim_answer_lost,
  settle_answer_lost,
  store_outage,
  store_partition,
  settlement_refused,
  outcome_refused,
  row_refused_at_claim,
  row_refused_at_settlement,
  row_too_slow,
  table_refuses,
  settled_in_parts,
  untried_in_time,
  row_over_budget,
  row_locked,
  lock_unseen,
  // Leases.
  lease_lost,
  dead_worker_freed,
  poison_candidate_claimed_alone,
  outcome_too_late,
  outcomes_given_up,
  // Redis.
  redis_unreachable,
  redis_unavailable,
  redis_refuses_in_other_words,
  redis_hangs,
  redis_partition,
  stream_refused,
  stream_refused_in_other_words,
  entry_refused,
  bad_stream,
  cut,
  unanswered,
  late_entry,
  repeat,
  // Rows given back unsent, and how rows die.
  lease_expiring,
  stopping,
  stream_blocked,
  last_attempt_given_back,
  sent_before,
  dead_bad_row,
  dead_refused,
  dead_singled_out,
  dead_attempts_exhausted,
  dead_beside_poison,
  // Poison rows.
  payload_no_object,
  payload_oversize,
  stream_empty,
  drops_connection,
  refused_each_time,
  kills_when_claimed,
  kills_when_sent,
  cannot_be_marked,
  // Another program's dispatcher.
  foreign_claim,
  foreign_death,
  foreign_outcome_too_late,
  // Rows whose time to the stream was measured.
  asked_to_be_woken,
  woken,
  timed_row,
  timed_beside_bad_stream,
  timed_beside_refused_rows,
  number_of_kinds,
};

inline constexpr auto kEventKinds = static_cast<std::size_t>(Event::number_of_kinds);

/// A readable text, e.g. "processes crashed".
std::string_view to_string(Event event);

/// How often each kind happened.
class Events {
 public:
  void count(Event event, std::uint64_t times = 1) { counts_[static_cast<std::size_t>(event)] += times; }
  void add(const Events& other);
  [[nodiscard]] std::uint64_t of(Event event) const { return counts_[static_cast<std::size_t>(event)]; }

 private:
  std::array<std::uint64_t, kEventKinds> counts_{};
};

}  // namespace outboxd::simulation
