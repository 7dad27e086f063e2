// SPDX-License-Identifier: Apache-2.0
#include "redis/consumer_lag.hpp"

#include "outbox/utf8.hpp"
#include "redis/xadd.hpp"

#include <algorithm>
#include <string_view>

namespace outboxd::redis {
namespace {

// The names of streams and groups come from outside and may be of any length.
constexpr std::size_t kLongestName = 100;
constexpr std::size_t kMostGroups = 10;
constexpr const char* kNothingRead = "0-0";

/// The value after a name in a reply that lists names and values in turn; null if the name is missing.
const Value* member(const Value& list, std::string_view name) {
  for (std::size_t i = 0; i + 1 < list.items.size(); i += 2) {
    if (list.items[i].text == name) return &list.items[i + 1];
  }
  return nullptr;
}

std::string text_of(const Value& list, std::string_view name) {
  const auto* value = member(list, name);
  return value == nullptr ? "" : value->text;
}

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

}  // namespace

std::vector<Group> read_groups(const Value& answer) {
  std::vector<Group> groups;
  for (const auto& item : answer.items) {
    Group group{.name = text_of(item, "name"), .last_delivered_id = text_of(item, "last-delivered-id"), .lag = {}};
    const auto* lag = member(item, "lag");
    if (lag != nullptr && lag->kind == Value::Kind::integer && lag->number >= 0) {
      group.lag = static_cast<std::uint64_t>(lag->number);
    }
    groups.push_back(std::move(group));
  }
  return groups;
}

bool needs_ids(const std::vector<Group>& groups) {
  return !std::ranges::all_of(groups, is_known);
}

void infer_lag(const Value& answer, std::vector<Group>& groups) {
  const auto* entry = member(answer, "first-entry");
  if (entry == nullptr || entry->items.empty()) return;
  const auto first = read_entry_id(entry->items.front().text);
  const auto last = read_entry_id(text_of(answer, "last-generated-id"));
  if (!first || !last) return;
  for (auto& group : groups) {
    const auto read_to = read_entry_id(group.last_delivered_id);
    if (is_known(group) || !read_to) continue;
    if (!last->is_above(*read_to)) group.lag = 0;
    // All entries that the group has read are deleted, so it has read none of the present ones.
    if (first->is_above(*read_to)) group.last_delivered_id = kNothingRead;
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
    if (!is_known(group)) losers.append("up to ");
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
