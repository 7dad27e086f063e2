// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <iterator>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace outboxd {

/// Where the rows are that the next claims take while a backlog is worked off.
///
/// An index keeps the entries of claimed rows until no session's snapshot can need them any more, and each claim that
/// begins at the index's start steps over all of them: while an old snapshot is held, the cost of a drain grows with
/// the square of the backlog. So a single query finds the rows of many claims: of about as many as are made while its
/// result is fresh.
///
/// Other dispatchers find the same rows. A dispatcher that finds rows of its part taken goes on at another part.
class ClaimWindow {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  /// The fewest rows to look for at once: so many that the query costs little beside the claims of its rows.
  static constexpr std::size_t kFewest = 20'000;
  /// The most rows to look for at once: their keys take a few megabytes.
  static constexpr std::size_t kMost = 160'000;
  /// The rows of one part: few enough that several dispatchers find parts of their own.
  static constexpr std::size_t kPart = 1'000;
  /// How long a result is used: a row that commits late and belongs before the rows that were found waits no longer.
  static constexpr std::chrono::seconds kGoodFor{2};

  explicit ClaimWindow(unsigned seed = std::random_device{}()) : random_{seed} {}

  /// How many rows the next query is to find.
  [[nodiscard]] std::size_t rows_to_find(TimePoint now) const {
    if (places_.empty()) return kFewest;
    const bool used_up = parts_.empty() && now < good_until_;
    return std::clamp(used_up ? 2 * places_.size() : taken_, kFewest, kMost);
  }

  void found(std::vector<std::string> places, std::string due_by, TimePoint now) {
    places_ = std::move(places);
    due_by_ = std::move(due_by);
    taken_ = 0;
    contended_ = false;
    good_until_ = now + kGoodFor;
    parts_.clear();
    // The last part is taken first.
    for (auto begin = places_.size(); begin > 0; begin = parts_.back().begin) {
      parts_.push_back({(begin - 1) / kPart * kPart, begin});
    }
  }

  void forget() {
    places_.clear();
    parts_.clear();
  }

  /// Where the next rows are, `limit` at most; empty when there are none, or the result is too old.
  [[nodiscard]] std::vector<std::string> take(std::size_t limit, const std::string& due_by, TimePoint now) {
    std::vector<std::string> taken;
    if (now >= good_until_ || due_by != due_by_) return taken;
    while (taken.size() < limit && !parts_.empty()) {
      auto& part = parts_.back();
      const auto count = std::min(limit - taken.size(), part.end - part.begin);
      const auto first = places_.begin() + static_cast<std::ptrdiff_t>(part.begin);
      std::move(first, first + static_cast<std::ptrdiff_t>(count), std::back_inserter(taken));
      part.begin += count;
      if (part.begin < part.end) break;
      parts_.pop_back();
      if (contended_) choose_a_part();
    }
    taken_ += taken.size();
    return taken;
  }

  /// Most of the rows taken last had been claimed by other dispatchers, which will soon have the rest of this part as
  /// well; a later query finds the rows that they leave.
  void contended() {
    contended_ = true;
    if (!parts_.empty() && parts_.back().begin % kPart != 0) parts_.pop_back();
    choose_a_part();
  }

 private:
  struct Part {
    std::size_t begin = 0;
    std::size_t end = 0;
  };

  void choose_a_part() {
    if (parts_.size() < 2) return;
    std::uniform_int_distribution<std::size_t> any{0, parts_.size() - 1};
    std::swap(parts_[any(random_)], parts_.back());
  }

  std::minstd_rand random_;
  std::vector<std::string> places_;
  std::vector<Part> parts_;
  std::size_t taken_ = 0;
  bool contended_ = false;
  std::string due_by_;
  TimePoint good_until_{};
};

}  // namespace outboxd
