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

/// Remembers which rows are in their streams, so that none is sent again and again because its outcome can't be
/// written, or is undone when it is.
///
/// - A row that was sent and could never be marked is only marked when it is claimed again, however often. With its
///   attempts counted anew, it was requeued, and is sent.
/// - A row that was marked and is due again soon was undone (by a trigger), or was requeued. With its attempts
///   counted anew, it was requeued, and is sent at once, the first time. Otherwise it is given back for a delay that
///   doubles each time, and is sent after it: a requeued row may come late, and is never lost.
/// - Where the store was away since, its mark may be lost with what a crash or a failover loses: it is sent at once,
///   the first time.
class SentRows {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  static constexpr std::chrono::seconds kFirstHold{60};
  static constexpr std::chrono::seconds kLongestHold{3'600};
  /// Between tries to mark a row that can't be marked.
  static constexpr std::chrono::seconds kFirstPause{5};
  static constexpr std::chrono::seconds kLongestPause{60};
  /// How long after the last of these tries a row is remembered: by then others have it, or it is marked.
  static constexpr std::chrono::seconds kRemembered{3'600};
  /// Beyond this many no further one is remembered until earlier ones aren't: where a trigger undoes all outcomes,
  /// these are held when they come again, and others are remembered in their stead.
  static constexpr std::size_t kMostSettled = 8'192;
  static constexpr std::size_t kMostUnsettled = 20'000;
  static constexpr std::size_t kMostLeftOut = 1'000;
  /// How long after it may be tried again a row that was undone has to come back.
  static constexpr std::chrono::seconds kComesBack{60};

  /// `soon`: how long after it was marked a row that is due again was hardly requeued.
  explicit SentRows(std::chrono::steady_clock::duration soon) : soon_{soon} {}

  /// It was sent, and marked as published, by the claim that was its attempt number `attempt`.
  void settled(const std::string& id, std::uint32_t attempt, TimePoint now);
  /// It was sent, and isn't marked.
  void unsettled(const std::string& id, std::uint32_t attempt, TimePoint now);
  /// It was sent, and its mark was undone when it was written.
  void undone(const std::string& id, std::uint32_t attempt, TimePoint now);

  enum class Advice { send, only_mark, hold };
  struct Advised {
    Advice advice = Advice::send;
    /// Of a row to hold.
    std::chrono::steady_clock::duration delay{};
    /// It is held from now on.
    bool is_news = false;
  };
  /// What to do with a row that was claimed. `claims_count`: each claim counts as an attempt, also one without an
  /// outcome.
  Advised advise(const std::string& id, std::uint32_t attempt, bool claims_count, TimePoint now);

  /// The store was out of reach, or its connection was lost.
  void store_was_away(TimePoint now) { away_at_ = now; }

  /// Rows that claims have to leave out for now, as they would come again and again.
  [[nodiscard]] std::vector<std::string> left_out(TimePoint now) const;
  [[nodiscard]] bool is_left_out(const std::string& id, TimePoint now) const;

  /// How many rows wait for their next try because their mark was undone. Those that don't come back for it have left
  /// the table, or others have marked them.
  [[nodiscard]] std::size_t undone_rows(TimePoint now);

 private:
  struct Settled {
    TimePoint at{};
    std::uint32_t attempt = 0;
    /// Its attempts were counted anew, and it was sent for that.
    bool requeued = false;
    /// Its mark may have been lost, and it was sent for that.
    bool mark_lost = false;
    std::chrono::seconds hold{0};
    TimePoint held_until{};
    /// It was given back for later, and came before.
    bool comes_all_the_same = false;
  };
  struct Unsettled {
    std::uint32_t attempt = 0;
    std::chrono::seconds pause{0};
    TimePoint left_out_until{};
  };

  void comes_back(const std::string& id, TimePoint when);
  void marked_again(const std::string& id, bool was_undone_later, TimePoint now);
  Advised advise_settled(Settled& row, std::uint32_t attempt, TimePoint now) const;
  void forget_old(TimePoint now);

  std::chrono::steady_clock::duration soon_;
  std::optional<TimePoint> away_at_;
  /// A flat one: most rows are looked for in vain, which is all that a drain pays.
  boost::unordered_flat_map<std::string, Settled> settled_;
  /// Their ids, those first that were remembered first.
  std::deque<std::string> order_;
  std::map<std::string, Unsettled> unsettled_;
  /// Of the settled, those that came all the same; there are few.
  std::map<std::string, TimePoint> stubborn_;
  /// Rows whose mark was undone, and until when they have to come back.
  std::map<std::string, TimePoint> undone_;
  TimePoint forget_undone_at_{};
};

}  // namespace outboxd
