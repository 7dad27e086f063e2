// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <utility>

namespace outboxd {

/// From which time on claims look for due rows, in the store's own words and by the store's own clock.
///
/// An index keeps the entries of rows that are published until no session's snapshot can need them any more; and
/// where streams are chosen, it holds everybody else's rows. While a claim that walks over all of it is quick, it
/// does so, and overlooks nothing. Where such claims are slow, they begin where the last one ended; what comes to lie
/// below is found by a sweep on another session.
class LowWaterMark {
 public:
  using Duration = std::chrono::steady_clock::duration;

  static constexpr const char* kStart = "-infinity";
  /// A claim that takes longer than this, and kByRow for each of its rows, has passed much on its way.
  static constexpr Duration kQuick = std::chrono::milliseconds{3};
  static constexpr Duration kByRow = std::chrono::microseconds{200};
  /// One may have waited for something else; but not for so long.
  static constexpr int kSlowInARow = 3;
  static constexpr Duration kSlow = std::chrono::milliseconds{30};

  [[nodiscard]] bool in_use() const { return slow_in_a_row_ >= kSlowInARow; }

  /// Where the next claim begins. A margin below it is the statement's.
  [[nodiscard]] std::string begin() const { return in_use() ? mark_ : kStart; }

  /// A claim that began at begin() found so many rows, and that there are no more: it looked up to `now`. A clock
  /// that goes back, or another server's, takes the mark along with it.
  void reached_the_end(std::string now, std::size_t rows, Duration took) {
    walked(took, static_cast<Duration::rep>(rows) * kByRow);
    mark_ = std::move(now);
  }

  /// A look that began at begin() for the rows of many claims found so many.
  void looked(std::size_t rows, Duration took) { walked(took, static_cast<Duration::rep>(rows) * kByRow / 20); }

  /// A look that began at begin() found the first row there, which is due since `time`.
  void found_first(std::string time) { mark_ = std::move(time); }

  /// There are many rows from `time` on.
  void lower(std::string time) { mark_ = std::move(time); }

  /// A look at all that lies below took so long.
  void swept(Duration took) {
    if (took < kQuick / 2) slow_in_a_row_ = 0;
  }

  /// Of another connection, or another table, nothing is known.
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
