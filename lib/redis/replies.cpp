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
std::string objection_to(std::span<const dispatch::Delivery* const> rows) {
  std::unordered_map<std::string_view, EntryId> last;
  for (const auto* row : rows) {
    const auto& reply = *row->reply;
    if (reply.fault == Fault::unanswered) return reply.text;
    if (reply.fault != Fault::none) continue;
    const auto id = *read_entry_id(reply.text);
    const auto [before, is_first] = last.try_emplace(row->entry.stream, id);
    if (!is_first && !id.is_above(before->second))
      return "Redis answered XADD with an entry id that is not above the one before";
    before->second = id;
  }
  return {};
}

}  // namespace

void read_replies(Exchange exchange, std::span<dispatch::Delivery* const> rows,
                  std::span<const std::size_t> command_ends) {
  auto objection = std::move(exchange.failure);
  if (objection.empty()) {
    ErrorTexts texts{exchange.sent};
    auto value = exchange.replies.begin();
    for (auto* row : rows) row->reply = read_xadd_reply(std::move(*value++), texts);
    objection = objection_to(rows);
    if (objection.empty()) return;
  }
  auto end = command_ends.begin();
  for (auto* row : rows) {
    const bool may_be_there = *end++ <= exchange.bytes_sent;
    row->reply = Reply{may_be_there ? Fault::unanswered : Fault::redis_unreachable, objection};
  }
}

}  // namespace outboxd::redis
