// SPDX-License-Identifier: Apache-2.0
#include "redis/replies.hpp"

#include "redis/error_text.hpp"
#include "redis/xadd.hpp"

#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace outboxd::redis {
namespace {

/// Why these can't be the replies to the entries; empty if they can.
std::string objection_to(const std::vector<Reply>& replies, std::span<const entry::Entry> entries) {
  std::unordered_map<std::string_view, EntryId> last;
  for (std::size_t i = 0; i < replies.size(); ++i) {
    if (replies[i].fault == Fault::unanswered) return replies[i].text;
    if (replies[i].fault != Fault::none) continue;
    const auto id = *read_entry_id(replies[i].text);
    const auto [before, is_first] = last.try_emplace(entries[i].stream, id);
    if (!is_first && !id.is_above(before->second))
      return "Redis answered XADD with an entry id that is not above the one before";
    before->second = id;
  }
  return {};
}

}  // namespace

std::vector<Reply> replies_of(Exchange exchange, std::span<const entry::Entry> entries,
                              std::span<const std::size_t> command_ends) {
  std::vector<Reply> replies;
  replies.reserve(entries.size());
  ErrorTexts texts{exchange.sent};
  for (auto& value : exchange.replies) replies.push_back(read_xadd_reply(std::move(value), texts));
  const auto objection = exchange.failure.empty() ? objection_to(replies, entries) : std::move(exchange.failure);
  if (objection.empty()) return replies;
  replies.clear();
  for (const auto end : command_ends) {
    const bool may_be_there = end <= exchange.bytes_sent;
    replies.push_back({may_be_there ? Fault::unanswered : Fault::redis_away, objection});
  }
  return replies;
}

}  // namespace outboxd::redis
