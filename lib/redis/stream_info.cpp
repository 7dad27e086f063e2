// SPDX-License-Identifier: Apache-2.0
#include "redis/stream_info.hpp"

#include <charconv>
#include <string_view>
#include <tuple>
#include <utility>

namespace outboxd::redis {
namespace {

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

std::optional<std::uint64_t> number_of(const Value& list, std::string_view name) {
  const auto* value = member(list, name);
  const bool is_count = value != nullptr && value->kind == Value::Kind::integer && value->number >= 0;
  return is_count ? std::optional{static_cast<std::uint64_t>(value->number)} : std::nullopt;
}

/// The id of an entry in XINFO STREAM, which is nil for an empty stream.
std::optional<EntryId> id_of_entry(const Value& list, std::string_view name) {
  const auto* value = member(list, name);
  if (value == nullptr || value->items.empty()) return std::nullopt;
  return read_entry_id(value->items.front().text);
}

std::string_view line_after(std::string_view text, std::string_view name) {
  const auto at = text.find(name);
  if (at == std::string_view::npos || (at > 0 && text[at - 1] != '\n')) return {};
  text.remove_prefix(at + name.size());
  return text.substr(0, text.find_first_of("\r\n"));
}

}  // namespace

std::optional<EntryId> read_position(std::string_view text) {
  return text == "0-0" ? EntryId{} : read_entry_id(text);
}

std::optional<StreamInfo> read_stream_info(const Value& answer) {
  const auto length = number_of(answer, "length");
  if (!length) return std::nullopt;
  return StreamInfo{.length = *length,
                    .first = id_of_entry(answer, "first-entry"),
                    .last = id_of_entry(answer, "last-entry"),
                    .last_generated = read_position(text_of(answer, "last-generated-id")),
                    .entries_added = number_of(answer, "entries-added"),
                    .max_deleted = read_position(text_of(answer, "max-deleted-entry-id"))};
}

std::vector<Group> read_groups(const Value& answer) {
  std::vector<Group> groups;
  for (const auto& item : answer.items) {
    groups.push_back({.name = text_of(item, "name"),
                      .last_delivered_id = text_of(item, "last-delivered-id"),
                      .lag = number_of(item, "lag"),
                      .entries_read = number_of(item, "entries-read"),
                      .consumers = number_of(item, "consumers").value_or(0),
                      .pending = number_of(item, "pending").value_or(0)});
  }
  return groups;
}

std::vector<Consumer> read_consumers(const Value& answer) {
  std::vector<Consumer> consumers;
  for (const auto& item : answer.items) {
    consumers.push_back({.name = text_of(item, "name"),
                         .pending = number_of(item, "pending").value_or(0),
                         .idle = std::chrono::milliseconds{number_of(item, "idle").value_or(0)}});
  }
  return consumers;
}

std::vector<PendingEntry> read_pending(const Value& answer) {
  constexpr std::size_t kIdle = 2;
  std::vector<PendingEntry> entries;
  for (const auto& item : answer.items) {
    if (item.items.size() <= kIdle) continue;
    const auto id = read_entry_id(item.items.front().text);
    if (!id) continue;
    // Below 0: released by XNACK.
    const auto idle = item.items[kIdle].number;
    entries.push_back({.id = *id, .idle = {}});
    if (idle >= 0) entries.back().idle = std::chrono::milliseconds{idle};
  }
  return entries;
}

bool counts_reads_exactly(std::string_view info) {
  // Other servers name the version of Redis that they are compatible with.
  const auto server = line_after(info, "server_name:");
  if (!server.empty() && server != "redis") return false;
  const auto version = line_after(info, "redis_version:");
  std::tuple<unsigned, unsigned, unsigned> numbers;
  const auto* at = version.data();
  const auto* const end = version.data() + version.size();
  for (auto* number : {&std::get<0>(numbers), &std::get<1>(numbers), &std::get<2>(numbers)}) {
    at = std::from_chars(at, end, *number).ptr;
    if (at != end) ++at;
  }
  return numbers >= std::tuple{7U, 4U, 5U};
}

}  // namespace outboxd::redis
