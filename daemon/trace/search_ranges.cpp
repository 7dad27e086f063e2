// SPDX-License-Identifier: Apache-2.0
// When an entry can have been added, and so where it is searched.
#include "daemon/trace/row_story.hpp"
#include "daemon/trace/stream_story.hpp"

#include <algorithm>
#include <charconv>

namespace outboxd::daemon::trace {
namespace {

/// Clocks drift, and a claim may be written a moment before its row's time.
constexpr Milliseconds kMargin{60'000};
constexpr Milliseconds kMarginOfOtherClock{600'000};

EntryRange range(Milliseconds from, Milliseconds to) {
  return {.from = std::to_string(from.count()), .to = std::to_string(to.count())};
}

}  // namespace

AddedWhen added_when(const RowFacts& row, std::optional<Milliseconds> redis_clock_ahead) {
  const auto margin = redis_clock_ahead ? kMargin : kMarginOfOtherClock;
  const auto shift = redis_clock_ahead ? *redis_clock_ahead - row.clock_ahead : Milliseconds{0};
  AddedWhen when{.is_by_other_clock = !redis_clock_ahead};
  if (row.created.since_epoch) {
    // A program may insert a row that is due before it says that it was created.
    const auto first = std::min(*row.created.since_epoch, row.due.since_epoch.value_or(*row.created.since_epoch));
    when.after = std::max(Milliseconds{0}, first + shift - margin);
  }
  if (state_of(row) == RowState::published && row.published.since_epoch) {
    when.before = std::max(Milliseconds{0}, *row.published.since_epoch + shift + margin);
  }
  return when;
}

std::optional<Milliseconds> time_in_uuid7(std::string_view id) {
  constexpr std::size_t kLength = 36;
  constexpr std::size_t kVersionAt = 14;
  constexpr int kHex = 16;
  if (id.size() != kLength || id[8] != '-' || id[13] != '-' || id[18] != '-' || id[kVersionAt] != '7') return {};
  const auto digits = std::string{id.substr(0, 8)} + std::string{id.substr(9, 4)};
  std::int64_t time = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), time, kHex);
  if (error != std::errc{} || end != digits.data() + digits.size()) return {};
  return Milliseconds{time};
}

std::vector<EntryRange> ranges_to_search(const AddedWhen& when, std::optional<Milliseconds> hint) {
  const Milliseconds one{1};
  if (!when.before) {
    if (when.after) return {{.from = std::to_string(when.after->count())}};
    if (!hint || *hint <= kMargin) return {EntryRange{}};
    const auto from = *hint - kMargin;
    return {{.from = std::to_string(from.count())}, {.from = "-", .to = std::to_string((from - one).count())}};
  }
  // A row is marked as published a moment after its entry was added. Repeats may be before and after that.
  constexpr Milliseconds kJustBefore{2'000};
  constexpr Milliseconds kJustAfter{1'000};
  constexpr Milliseconds kAround{60'000};
  const auto published = *when.before - (when.is_by_other_clock ? kMarginOfOtherClock : kMargin);
  const auto least = when.after.value_or(Milliseconds{0});
  std::vector<EntryRange> ranges;
  const auto add = [&ranges, least](Milliseconds from, Milliseconds to) {
    if (to >= std::max(from, least)) ranges.push_back(range(std::max(from, least), to));
  };
  add(published - kJustBefore, published + kJustAfter);
  add(published - kAround, published - kJustBefore - one);
  add(published + kJustAfter + one, published + kAround);
  add(least, published - kAround - one);
  ranges.push_back({.from = std::to_string(std::max(least, published + kAround + one).count())});
  return ranges;
}

}  // namespace outboxd::daemon::trace
