// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace outboxd {

/// Remembers which rows are in their streams, so that no row is sent again and again because its outcome can't be
/// written, or is undone by a trigger.
///
/// - A row that was sent but could never be marked is only marked when it is claimed again, however often. If its
///   attempts were reset, it was requeued, and is sent.
/// - A row that was marked and is soon due again was undone by a trigger, or was requeued. If its attempts were
///   reset, it was requeued, and is sent at once, the first time. Otherwise it is given back with a delay that
///   doubles each time, and is sent after it: a requeued row may come late, but is never lost.
/// - If the store was unreachable since, a crash or a failover may have lost the mark: the row is sent at once, the
///   first time.
class SentRows {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  static constexpr std::chrono::seconds kFirstHold{60};
  static constexpr std::chrono::seconds kLongestHold{3'600};
  /// The first pause between tries to mark a row that can't be marked. It doubles with each claim of the row.
  static constexpr std::chrono::seconds kFirstPause{5};
  static constexpr std::chrono::seconds kLongestPause{60};
  /// How long after the last of these tries a row is remembered: by then another dispatcher has it, or it is marked.
  static constexpr std::chrono::seconds kRemembered{3'600};
  /// At this many remembered rows no further one is added until earlier ones expire. Where a trigger undoes all
  /// outcomes, remembered rows are held when they are due again, and others are remembered in their place.
  static constexpr std::size_t kMostSettled = 8'192;
  static constexpr std::size_t kMostUnsettled = 20'000;
  static constexpr std::size_t kMostLeftOut = 1'000;
  /// How long after its delay a row whose mark was undone may take to be claimed again.
  static constexpr std::chrono::seconds kComesBack{60};

  /// `soon`: a row that is due again within this time after it was marked was hardly requeued by an operator.
  explicit SentRows(std::chrono::steady_clock::duration soon) : soon_{soon} {}

  /// The row was sent, and marked as published, by the claim that was its attempt number `attempt`.
  void settled(const std::string& id, std::uint32_t attempt, TimePoint now);
  /// The row was sent, but isn't marked.
  void unsettled(const std::string& id, std::uint32_t attempt, TimePoint now);
  /// The row was sent, and its mark was undone as soon as it was written.
  void undone(const std::string& id, std::uint32_t attempt, TimePoint now);

  enum class Advice { send, only_mark, hold };
  struct Advised {
    Advice advice = Advice::send;
    /// For a row to hold: for how long.
    std::chrono::steady_clock::duration delay{};
    /// The row is held from now on, and was not before.
    bool is_news = false;
  };
  /// What to do with a claimed row. `claims_count`: each claim counts as an attempt, even without an outcome.
  Advised advise(const std::string& id, std::uint32_t attempt, bool claims_count, TimePoint now);

  /// The store was unreachable, or its connection was lost.
  void store_was_away(TimePoint now) { away_at_ = now; }

  /// Rows that claims have to leave out for now, as they would come again and again.
  [[nodiscard]] std::vector<std::string> left_out(TimePoint now) const;
  [[nodiscard]] bool is_left_out(const std::string& id, TimePoint now) const;

  /// How many rows wait for their next try because their mark was undone. A row that isn't claimed again in time has
  /// left the table, or another dispatcher has marked it.
  [[nodiscard]] std::size_t undone_rows(TimePoint now);

 private:
  struct Settled {
    TimePoint at{};
    std::uint32_t attempt = 0;
    /// Its attempts were reset, so it was sent again.
    bool requeued = false;
    /// Its mark may have been lost, so it was sent again.
    bool mark_lost = false;
    std::chrono::seconds hold{0};
    TimePoint held_until{};
    /// It was given back with a delay, and was claimed before that was over.
    bool comes_all_the_same = false;
  };
  struct Unsettled {
    std::uint32_t attempt = 0;
    std::chrono::seconds pause{0};
    TimePoint left_out_until{};
    /// Since its last pause.
    bool was_claimed = false;
  };

  void comes_back(const std::string& id, TimePoint when);
  void marked_again(const std::string& id, bool was_undone_later, TimePoint now);
  Advised advise_settled(Settled& row, std::uint32_t attempt, TimePoint now) const;
  void forget_old(TimePoint now);

  std::chrono::steady_clock::duration soon_;
  std::optional<TimePoint> away_at_;
  /// A flat map: most look-ups find nothing, and a drain pays for nothing else.
  boost::unordered_flat_map<std::string, Settled> settled_;
  /// Their ids, in the order in which they were remembered.
  std::deque<std::string> order_;
  std::map<std::string, Unsettled> unsettled_;
  /// Settled rows that were claimed although they had a delay; there are few.
  std::map<std::string, TimePoint> stubborn_;
  /// Rows whose mark was undone, and by when they have to be claimed again.
  std::map<std::string, TimePoint> undone_;
  TimePoint forget_undone_at_{};
};

}  // namespace outboxd
