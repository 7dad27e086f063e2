// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "daemon/signatures/entry_range.hpp"
#include "daemon/trace/facts.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace outboxd::daemon::trace {

// What the answers about a stream mean for one event. Pure.

/// When an event's entry can have been added, by Redis' clock, since 1970; empty: not known.
struct AddedWhen {
  std::optional<Milliseconds> after{};
  std::optional<Milliseconds> before{};
  /// Redis' clock could not be compared with Postgres'.
  bool is_by_other_clock = false;
};

/// From the row's creation to its publishing, with a margin for clocks that drift.
[[nodiscard]] AddedWhen added_when(const RowFacts& row, std::optional<Milliseconds> redis_clock_ahead);

/// The time in a UUIDv7; nothing for other ids.
[[nodiscard]] std::optional<Milliseconds> time_in_uuid7(std::string_view id);

/// The parts of a stream to search, in this order: those first in which the entry most likely is. `hint`: a time near
/// which it may have been added, where nothing else is known. They don't overlap.
[[nodiscard]] std::vector<EntryRange> ranges_to_search(const AddedWhen& when, std::optional<Milliseconds> hint);

/// How far a group has come with an entry.
enum class Progress {
  /// The group has not read so far yet.
  unread,
  /// A consumer has it, and has not acknowledged it.
  pending,
  /// It isn't pending, and the group's position is past it: it was acknowledged, read without that (NOACK), or
  /// skipped, as the group began later or was moved. Redis doesn't show which.
  passed,
  unknown,
};
[[nodiscard]] const char* to_string(Progress progress);
[[nodiscard]] Progress progress_of(std::string_view entry_id, const GroupFacts& group);

/// Why an entry isn't there.
enum class Absence {
  /// It is there.
  none,
  /// The row was not published, and no entry has its id.
  not_written,
  /// It was added, and trimmed since; proved by the stream's ids and counters.
  trimmed,
  /// The row was published, and trimming doesn't explain that the entry is not there.
  missing,
  unknown,
};
[[nodiscard]] const char* to_string(Absence absence);

struct AbsenceVerdict {
  Absence what = Absence::none;
  /// As a clause.
  std::string why{};
};

/// `row`: null if no table has it.
[[nodiscard]] AbsenceVerdict absence_of(const StreamFacts& stream, const RowFacts* row);

/// The groups that certainly never read an entry which was trimmed.
[[nodiscard]] std::vector<std::string> groups_that_lost_it(const StreamFacts& stream, const RowFacts& row);

/// What happens next with the event in this stream, as sentences without their full stops.
[[nodiscard]] std::vector<std::string> next_of(const StreamFacts& stream, const RowFacts* row);

}  // namespace outboxd::daemon::trace
