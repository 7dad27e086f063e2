// SPDX-License-Identifier: Apache-2.0
#include "redis/consumer_lag.hpp"

#include "outbox/utf8.hpp"

#include <algorithm>
#include <utility>

namespace outboxd::redis {
namespace {

// The names of streams and groups come from outside and may be of any length.
constexpr std::size_t kLongestName = 100;
constexpr std::size_t kMostGroups = 10;
constexpr const char* kNothingRead = "0-0";

bool is_known(const Group& group) {
  return group.lag || group.last_delivered_id == kNothingRead;
}

/// The largest possible number of trimmed entries that the group has not read.
std::uint64_t unread_trimmed(const Group& group, std::uint64_t length, std::uint64_t cut) {
  if (!is_known(group)) return cut;
  // Some versions also count entries that are deleted already.
  const auto unread = group.lag ? std::min(*group.lag, length) : length;
  return cut + unread > length ? cut + unread - length : 0;
}

struct Why {
  std::string_view word;
  const char* text;
};

constexpr Why kNoPosition{"no_position", "Redis doesn't report how far the group has read"};
constexpr Why kNoCount{"no_counters", "Redis doesn't count entries (before version 7)"};
constexpr Why kDeletedAhead{"deleted_ahead",
                            "entries after the group's position were deleted (XDEL), and Redis doesn't count those"};
constexpr Why kNotCounted{"position_set",
                          "Redis has not counted what the group has read since it was created or moved"};
constexpr Why kWrongCounter{
    "old_counters",
    "entries were trimmed or deleted, after which this version of Redis may count wrong what a group has read (since "
    "7.4.5 it doesn't)"};
constexpr Why kContradiction{"contradiction", "Redis' counters contradict its entries"};

Figure known(std::uint64_t number) {
  return {.number = number};
}

Figure unknown(const Why& why, std::optional<std::uint64_t> at_most = {}) {
  return {.number = {}, .why_unknown = why.text, .at_most = at_most, .word = why.word};
}

/// Nothing was ever removed, so that even a careless counter of entries is right.
bool is_whole(const StreamInfo& stream) {
  return stream.entries_added == stream.length;
}

}  // namespace

Figure unread(const StreamInfo& stream, const Group& group, bool exact_counters) {
  if (stream.length == 0) return known(0);
  const auto position = read_position(group.last_delivered_id);
  if (!position || !stream.first || !stream.last) return unknown(kNoPosition, stream.length);
  if (!stream.last->is_above(*position)) return known(0);
  if (stream.first->is_above(*position)) return known(stream.length);
  if (!position->is_above(*stream.first)) return known(stream.length - 1);
  // In between only the counters tell. What was trimmed is before the position.
  const auto most = stream.length - 1;
  if (!stream.entries_added || !stream.max_deleted) return unknown(kNoCount, most);
  if (stream.max_deleted->is_above(*position)) return unknown(kDeletedAhead, most);
  if (!group.entries_read) return unknown(kNotCounted, most);
  if (!exact_counters && !is_whole(stream)) return unknown(kWrongCounter, most);
  const auto left = *stream.entries_added - *group.entries_read;
  if (*group.entries_read > *stream.entries_added || left == 0 || left > most) return unknown(kContradiction, most);
  return known(left);
}

Figure lost_unread(const StreamInfo& stream, const Group& group, bool exact_counters) {
  const auto position = read_position(group.last_delivered_id);
  // Trimming removes the oldest entries, so none was trimmed after an id that is still there.
  if (position && stream.first && !stream.first->is_above(*position)) return known(0);
  if (position && stream.last_generated && !stream.last_generated->is_above(*position)) return known(0);
  if (!position) return unknown(kNoPosition);
  if (!stream.entries_added || !stream.max_deleted || *stream.entries_added < stream.length) return unknown(kNoCount);
  const auto removed = *stream.entries_added - stream.length;
  if (removed == 0) return known(0);
  // All present entries are after the position, and so are the removed ones that the group has not read.
  const bool from_beginning = group.last_delivered_id == kNothingRead;
  const auto read = from_beginning ? 0 : group.entries_read.value_or(0);
  // Counters fall behind, but never run ahead.
  const auto most = removed > read ? removed - read : 0;
  if (most == 0) return known(0);
  if (stream.max_deleted->is_above(*position)) return unknown(kDeletedAhead, most);
  if (from_beginning) return known(most);
  if (!group.entries_read) return unknown(kNotCounted, most);
  return exact_counters ? known(most) : unknown(kWrongCounter, most);
}

Figure unread_at_risk(const Figure& unread, std::uint64_t length, std::uint64_t maxlen) {
  const auto cut = length + 1 > maxlen ? std::min(length, length + 1 - maxlen) : 0;
  if (cut == 0) return known(0);
  if (!unread.number) {
    auto figure = unread;
    figure.at_most = std::min(cut, unread.at_most.value_or(cut));
    return figure;
  }
  const auto read = length - std::min(length, *unread.number);
  return known(cut > read ? cut - read : 0);
}

bool needs_ids(const std::vector<Group>& groups) {
  return !std::ranges::all_of(groups, is_known);
}

void infer_lag(const StreamInfo& stream, std::vector<Group>& groups, bool exact_counters) {
  for (auto& group : groups) {
    const auto proved = unread(stream, group, exact_counters).number;
    if (!proved) continue;
    group.lag = proved;
    group.lag_is_proved = true;
  }
}

std::optional<std::string> trim_warning(const std::string& stream, std::uint64_t length,
                                        const std::vector<Group>& groups, const Bound& bound,
                                        const std::string& server) {
  if (length < bound.maxlen) return std::nullopt;
  const auto cut = length + 1 - bound.maxlen;
  std::string losers;
  std::size_t named = 0;
  std::size_t unnamed = 0;
  for (const auto& group : groups) {
    const auto lost = unread_trimmed(group, length, cut);
    if (lost == 0) continue;
    if (named == kMostGroups) {
      ++unnamed;
      continue;
    }
    ++named;
    losers.append(losers.empty() ? "" : ", ").append(utf8::shortened(group.name, kLongestName)).append(" ");
    if (!group.lag_is_proved && group.last_delivered_id != kNothingRead) losers.append("up to ");
    losers.append(std::to_string(lost));
    if (!is_known(group)) losers.append(" (Redis doesn't report how far it has read)");
  }
  if (named == 0) return std::nullopt;
  if (unnamed > 0) losers.append(", and ").append(std::to_string(unnamed)).append(" more groups");
  std::string text = "stream ";
  text.append(utf8::shortened(stream, kLongestName)).append(" at Redis ").append(server).append(" has ");
  text.append(std::to_string(length)).append(" entries, and its bound is ").append(std::to_string(bound.maxlen));
  text.append(": the next XADD trims ").append(bound.exact ? "" : "about ").append(std::to_string(cut));
  text.append(" of them, and with them entries that groups have not read: ").append(losers);
  return text.append("; raise the bound (dispatcher.stream_maxlen), or have them read first");
}

}  // namespace outboxd::redis
