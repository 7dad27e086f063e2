// SPDX-License-Identifier: Apache-2.0
#include "daemon/trace/stream_story.hpp"

#include "daemon/trace/row_story.hpp"
#include "streams/shown.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace outboxd::daemon::trace {
namespace {

using redis::EntryId;
using streams::shown;

constexpr const char* kReplay = "`outboxd replay` can publish it again";

std::string text_of(const EntryId& id) {
  return std::to_string(id.milliseconds) + "-" + std::to_string(id.sequence);
}

bool is_before(const EntryId& id, Milliseconds time) {
  return id.milliseconds < static_cast<std::uint64_t>(time.count());
}

/// Ids never go back: once one was ahead of the clock, later ones are as well, and say nothing about the time.
bool ids_are_ahead(const StreamFacts& stream) {
  constexpr Milliseconds kAhead{60'000};
  return stream.now && stream.info->last_generated && !is_before(*stream.info->last_generated, *stream.now + kAhead);
}

/// Of a row that was published, whose entry is not in the stream, by what XINFO STREAM says.
AbsenceVerdict absence_by_counters(const StreamFacts& stream, const AddedWhen& when) {
  const auto& info = *stream.info;
  if (!info.entries_added || !info.max_deleted) {
    return {Absence::unknown, "this server doesn't count what was trimmed and deleted (Redis does since 7.0)"};
  }
  if (*info.entries_added <= info.length) {
    return {Absence::missing,
            "nothing was ever removed from this stream: it was created anew since, Redis lost data (a restart, a "
            "failover), or the row was published to another server"};
  }
  if (!when.before || !when.after) {
    return {Absence::unknown,
            "entries were removed from this stream, and the table has no columns (created_at, "
            "published_at) that say which part of it the entry was in"};
  }
  if (ids_are_ahead(stream)) {
    return {Absence::unknown,
            "ids of this stream are ahead of Redis' clock, so they don't show when an entry was "
            "added"};
  }
  const bool none_deleted = info.max_deleted->milliseconds == 0 && info.max_deleted->sequence == 0;
  if (!none_deleted && !is_before(*info.max_deleted, *when.after)) {
    return {Absence::unknown, "trimmed or deleted: entries up to " + text_of(*info.max_deleted) +
                                  " were deleted one by one (XDEL) as well"};
  }
  if (!info.first) return {Absence::trimmed, "the stream is empty: all its entries were trimmed"};
  if (!is_before(*info.first, *when.before)) {
    return {Absence::trimmed, "its entry was added before the stream's first one, " + text_of(*info.first) +
                                  ", and none was deleted one by one (XDEL) since"};
  }
  if (is_before(*info.first, *when.after)) {
    return {Absence::missing, "the stream reaches back to " + text_of(*info.first) +
                                  ", before the entry, and nothing behind that was trimmed or deleted: Redis lost "
                                  "data (a restart, a failover), or the row was published to another server"};
  }
  return {Absence::unknown, "perhaps trimmed: the stream begins with " + text_of(*info.first) +
                                ", and the entry was added before or after that"};
}

/// The progress that matters most, where an event has several entries.
bool matters_more(Progress one, Progress other) {
  const auto rank = [](Progress progress) {
    switch (progress) {
      case Progress::pending:
        return 4;
      case Progress::unread:
        return 3;
      case Progress::unknown:
        return 2;
      case Progress::passed:
        break;
    }
    return 0;
  };
  return rank(one) > rank(other);
}

std::string next_of_group(const GroupFacts& facts, Progress progress) {
  const auto name = "consumer group " + shown(facts.group.name);
  if (progress == Progress::unread) {
    return name + " reads it" + (facts.group.consumers == 0 ? " once it has a consumer: it has none" : " next");
  }
  if (progress == Progress::unknown) return name + ": what it does can't be known here";
  if (!facts.pending || facts.pending->consumer.empty()) {
    return name + ": a consumer gave it back, and the next one that asks for such entries takes it";
  }
  return "consumer " + shown(facts.pending->consumer) + " of group " + shown(facts.group.name) +
         " acknowledges it, or another one claims it (XAUTOCLAIM) if that consumer is gone";
}

std::vector<std::string> next_of_entries(const StreamFacts& stream) {
  struct Furthest {
    const GroupFacts* group;
    Progress progress;
  };
  std::map<std::string, Furthest> groups;
  for (const auto& entry : stream.entries) {
    for (const auto& group : entry.groups) {
      const auto progress = progress_of(entry.id, group);
      const auto [at, is_new] = groups.try_emplace(group.group.name, Furthest{&group, progress});
      if (!is_new && matters_more(progress, at->second.progress)) at->second = {&group, progress};
    }
  }
  std::vector<std::string> next;
  for (const auto& [name, furthest] : groups) {
    if (!matters_more(furthest.progress, Progress::passed)) continue;
    next.push_back(next_of_group(*furthest.group, furthest.progress));
  }
  if (!next.empty() || !stream.groups) return next;
  if (stream.groups->empty()) return {"nothing: stream " + shown(stream.stream) + " has no consumer group"};
  return {"nothing: no consumer group of " + shown(stream.stream) + " has it pending or unread"};
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) text.append(text.empty() ? "" : ", ").append(shown(name));
  return text;
}

std::vector<std::string> next_of_absent(const StreamFacts& stream, const RowFacts& row) {
  const auto absence = absence_of(stream, &row);
  switch (absence.what) {
    case Absence::trimmed: {
      const auto lost = groups_that_lost_it(stream, row);
      return {"nothing: it was published, and is gone by trimming" +
              (lost.empty() ? "" : "; group " + joined(lost) + " never read it: " + kReplay)};
    }
    case Absence::missing:
      return {std::string{"nothing: the row is published and its entry is not in the stream; "} + kReplay};
    case Absence::unknown:
      // What follows for any other row is said of the row.
      if (state_of(row) != RowState::published) return {};
      return {
          std::string{"nothing more from outboxd: the row is published; where its entry is can't be known here; "} +
          kReplay};
    default:
      return {};
  }
}

}  // namespace

const char* to_string(Progress progress) {
  switch (progress) {
    case Progress::unread:
      return "unread";
    case Progress::pending:
      return "pending";
    case Progress::passed:
      return "passed";
    case Progress::unknown:
      break;
  }
  return "unknown";
}

const char* to_string(Absence absence) {
  switch (absence) {
    case Absence::none:
      return "none";
    case Absence::not_written:
      return "not_written";
    case Absence::trimmed:
      return "trimmed";
    case Absence::missing:
      return "missing";
    case Absence::unknown:
      break;
  }
  return "unknown";
}

Progress progress_of(std::string_view entry_id, const GroupFacts& group) {
  if (group.pending) return Progress::pending;
  const auto id = redis::read_entry_id(entry_id);
  const auto position = redis::read_position(group.group.last_delivered_id);
  if (!id || !position) return Progress::unknown;
  if (id->is_above(*position)) return Progress::unread;
  if (!group.why_unknown.empty()) return Progress::unknown;
  return Progress::passed;
}

AbsenceVerdict absence_of(const StreamFacts& stream, const RowFacts* row) {
  if (!stream.entries.empty()) return {};
  if (!stream.problem.empty()) return {Absence::unknown, stream.problem};
  const bool is_published = row != nullptr && state_of(*row) == RowState::published;
  if (stream.is_missing) {
    if (row == nullptr) return {Absence::unknown, "there is no such stream"};
    if (!is_published) return {Absence::not_written, "there is no such stream yet"};
    return {Absence::missing,
            "there is no such stream: it was deleted, Redis lost its data, or the row was published "
            "to another server"};
  }
  const auto& incomplete = stream.search.why_incomplete;
  if (is_published && stream.info) {
    auto verdict = absence_by_counters(stream, added_when(*row, stream.clock_ahead));
    if (verdict.what == Absence::trimmed && !incomplete.empty()) {
      verdict.why += "; whether it was published again later is not known: " + incomplete;
    }
    if (verdict.what == Absence::trimmed || incomplete.empty()) return verdict;
  }
  if (!incomplete.empty()) return {Absence::unknown, incomplete};
  if (is_published) return {Absence::unknown, "trimmed, deleted or lost: " + stream.why_no_info};
  if (row == nullptr) return {Absence::unknown, "no entry has this id; one that was trimmed leaves no trace"};
  return {Absence::not_written, "no entry has its id"};
}

std::vector<std::string> groups_that_lost_it(const StreamFacts& stream, const RowFacts& row) {
  std::vector<std::string> lost;
  const auto when = added_when(row, stream.clock_ahead);
  if (absence_of(stream, &row).what != Absence::trimmed || !when.after || !stream.groups) return lost;
  for (const auto& group : *stream.groups) {
    const auto position = redis::read_position(group.last_delivered_id);
    if (position && is_before(*position, *when.after)) lost.push_back(group.name);
  }
  return lost;
}

std::vector<std::string> next_of(const StreamFacts& stream, const RowFacts* row) {
  if (stream.entries.empty()) return row == nullptr ? std::vector<std::string>{} : next_of_absent(stream, *row);
  auto next = next_of_entries(stream);
  const bool is_badly_signed = std::ranges::any_of(stream.entries, [](const EntryFacts& entry) {
    return entry.judgement && entry.judgement->fault != SignatureFault::none;
  });
  if (is_badly_signed) {
    next.emplace_back("consumers that check signatures skip and acknowledge an entry that is not well signed");
  }
  if (row == nullptr) return next;
  const auto state = state_of(*row);
  if (state == RowState::dead) {
    next.emplace_back("its entry is there although the row is dead: to requeue the row would publish it once more");
  }
  if (state == RowState::pending || state == RowState::leased || state == RowState::scheduled) {
    next.emplace_back(
        "its entry is there although the row is not marked as published: it is published once more, and "
        "consumers recognise the repeat by its outbox_id");
  }
  return next;
}

}  // namespace outboxd::daemon::trace
