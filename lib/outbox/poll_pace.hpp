// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>

namespace outboxd {

/// How long to wait between claims that find fewer rows than they ask for, while commits can't wake the dispatcher
/// although wake-ups are set up.
///
/// The duration of claims shows whether the machine has room: while they take about as long as the quickest ones,
/// polling takes nothing from other work, and rows needn't wait. Where writers and Postgres fill every core, claims
/// take several times as long, and each takes its share from the writers.
class PollPace {
 public:
  using Duration = std::chrono::steady_clock::duration;

  /// The first wait, where commits may have just been missed.
  static constexpr Duration kShortest = std::chrono::milliseconds{1};
  /// The shortest wait while rows keep coming and the machine has room. The quicker they come, the longer it is, so
  /// that more of them share one claim.
  static constexpr Duration kShortestBesideWriters = std::chrono::milliseconds{2};
  static constexpr Duration kLongerByRow = std::chrono::microseconds{350};
  static constexpr Duration kLongestInRoom = std::chrono::microseconds{4'500};
  static constexpr Duration kLongestBesideWriters = std::chrono::milliseconds{100};
  static constexpr int kLeastRestToWork = 1;
  static constexpr int kMostRestToWork = 8;
  /// Claims that take up to kRoom times as long as the quickest ones show that the machine has room, and from kNoRoom
  /// on that it has none.
  static constexpr double kRoom = 3.5;
  static constexpr double kNoRoom = 7;

  explicit PollPace(Duration poll_interval) : longest_{poll_interval} {}

  /// A claim found this many rows and took this long.
  void claimed(std::size_t rows, Duration took) {
    if (rows == 0) return;
    latest_[count_ % latest_.size()] = std::chrono::duration_cast<Duration>(took / as_long_as(rows));
    // The machine, the table and the network may change, so the quickest claims are forgotten after a while.
    constexpr std::size_t kRemembered = 2'000;
    if (count_++ % kRemembered == 0) {
      quickest_before_ = quickest_;
      quickest_ = Duration::max();
    }
    quickest_ = std::min(quickest_, latest_[(count_ - 1) % latest_.size()]);
  }

  /// The last claim found this many rows, fewer than it asked for, and everything done since the last wait took
  /// `work`.
  [[nodiscard]] Duration after_rows(std::size_t rows, Duration work) {
    const auto least =
        std::min<Duration>(kShortestBesideWriters + static_cast<Duration::rep>(rows) * kLongerByRow, kLongestInRoom);
    const double full = how_full();
    // A claim that took much longer than usual waited for something else.
    const auto most = (full > 0 ? kMostOfUsual : 1) * as_long_as(rows) * median(kLately);
    const Fine counts = std::min(Fine{work}, most);
    const auto rest = std::chrono::duration_cast<Duration>(
        (kLeastRestToWork + full * (kMostRestToWork - kLeastRestToWork)) * counts);
    next_ = std::min(std::clamp(rest, least, kLongestBesideWriters), longest_);
    return next_;
  }

  /// The last claim found no rows: the waits grow up to the poll interval. They grow slowly, as all writers may be
  /// held up at once by a disk that flushes, and go on together: no row waits for more than a fourth of that time.
  [[nodiscard]] Duration after_none() {
    const auto now = std::min(next_, longest_);
    next_ = std::min(5 * now / 4, longest_);
    return now;
  }

  void begin_short() { next_ = kShortest; }

 private:
  using Fine = std::chrono::duration<double, Duration::period>;

  static constexpr std::size_t kRecent = 25;
  static constexpr std::size_t kLately = 5;
  static constexpr double kMostOfUsual = 4;

  /// How many times longer a claim of this many rows takes than a claim of a single row.
  [[nodiscard]] static double as_long_as(std::size_t rows) {
    constexpr double kRowsAsLongAsAClaim = 16;
    return 1 + static_cast<double>(std::max<std::size_t>(rows, 1) - 1) / kRowsAsLongAsAClaim;
  }

  /// The median duration of the latest `of` claims.
  [[nodiscard]] Fine median(std::size_t of) const {
    std::array<Duration, kRecent> sorted{};
    const auto some = std::min({of, count_, kRecent});
    if (some == 0) return Fine{0};
    for (std::size_t i = 0; i < some; ++i) sorted[i] = latest_[(count_ - 1 - i) % kRecent];
    const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>(some / 2);
    std::nth_element(sorted.begin(), middle, sorted.begin() + static_cast<std::ptrdiff_t>(some));
    return *middle;
  }

  /// From 0 (the machine has room) to 1 (it has none).
  [[nodiscard]] double how_full() const {
    const Fine quickest{std::min(quickest_, quickest_before_)};
    if (count_ == 0 || quickest <= Fine{0}) return 0;
    // The machine counts as full when it has been so for a while and still is.
    const auto usual = std::min(median(kRecent), median(kLately));
    return std::clamp((usual / quickest - kRoom) / (kNoRoom - kRoom), 0.0, 1.0);
  }

  Duration longest_;
  Duration next_ = kShortest;
  std::array<Duration, kRecent> latest_{};
  std::size_t count_ = 0;
  Duration quickest_ = Duration::max();
  Duration quickest_before_ = Duration::max();
};

}  // namespace outboxd
