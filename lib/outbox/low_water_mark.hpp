// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <utility>

namespace outboxd {

/// The due time from which claims look for rows, as the store writes it and by the store's own clock.
///
/// An index keeps the entries of published rows until no session's snapshot can need them any more; and where a
/// dispatcher takes only some streams, the index holds the rows of all others. As long as a claim that walks over all
/// of them is quick, it does so, and overlooks nothing. Where such claims are slow, they begin where the last one
/// ended; rows that appear below that mark later are found by a sweep on another session.
class LowWaterMark {
 public:
  using Duration = std::chrono::steady_clock::duration;

  static constexpr const char* kStart = "-infinity";
  /// A claim that takes longer than this, plus kByRow for each of its rows, stepped over many entries.
  static constexpr Duration kQuick = std::chrono::milliseconds{3};
  static constexpr Duration kByRow = std::chrono::microseconds{200};
  /// A single slow claim may have waited for something else, so this many in a row are needed.
  static constexpr int kSlowInARow = 3;
  /// A claim that takes longer than this, plus kByRow for each of its rows, is enough alone.
  static constexpr Duration kSlow = std::chrono::milliseconds{30};

  [[nodiscard]] bool in_use() const { return slow_in_a_row_ >= kSlowInARow; }

  /// Where the next claim begins. The statement itself adds a margin below it.
  [[nodiscard]] std::string begin() const { return in_use() ? mark_ : kStart; }

  /// A claim that began at begin() found this many rows and no more are due: it looked up to `now`. If the clock goes
  /// back, or another server has another clock, the mark follows it.
  void reached_the_end(std::string now, std::size_t rows, Duration took) {
    walked(took, static_cast<Duration::rep>(rows) * kByRow);
    mark_ = std::move(now);
  }

  /// A query that began at begin() found this many rows, for many claims.
  void looked(std::size_t rows, Duration took) { walked(took, static_cast<Duration::rep>(rows) * kByRow / 20); }

  /// A query that began at begin() found its first row, which has been due since `time`.
  void found_first(std::string time) { mark_ = std::move(time); }

  /// Many rows are due from `time` on.
  void lower(std::string time) { mark_ = std::move(time); }

  /// A sweep of everything below the mark took this long.
  void swept(Duration took) {
    if (took < kQuick / 2) slow_in_a_row_ = 0;
  }

  /// Called for another connection or another table, of which nothing is known.
  void forget() {
    slow_in_a_row_ = 0;
    mark_ = kStart;
  }

 private:
  void walked(Duration took, Duration for_rows) {
    if (in_use()) return;
    if (took <= kQuick + for_rows) {
      slow_in_a_row_ = 0;
    } else {
      slow_in_a_row_ = took > kSlow + for_rows ? kSlowInARow : slow_in_a_row_ + 1;
    }
  }

  int slow_in_a_row_ = 0;
  std::string mark_ = kStart;
};

}  // namespace outboxd
