// SPDX-License-Identifier: Apache-2.0
// Payloads that are too large to come with their claim.
#include "outbox/batch_room.hpp"
#include "outbox_store/bisect.hpp"
#include "outbox_store/claim_answer.hpp"
#include "outbox_store/claims.hpp"
#include "postgres/array_literal.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace outboxd::outbox_store {

using postgres::array_literal;
using postgres::exec;
using postgres::Statements;
using postgres::text_of;

Claims::PayloadsRead Claims::read_payloads(const Call& call, dispatch::ClaimedRows& claimed, std::size_t begin,
                                           const std::vector<std::string>& ids) {
  struct Text {
    std::string text;
    std::optional<std::uint64_t> oversize_bytes;
  };
  std::map<std::string, std::optional<Text>, std::less<>> payloads;
  for (const auto& id : ids) payloads.emplace(id, std::nullopt);
  const auto read = [&](Part part) {
    const auto these = array_literal(part_of(ids, part));
    const auto answer = exec(call.statements, call.layout.read_payloads, these, claimed.lease);
    const auto id = answer.column_number("id");
    const auto text = answer.column_number("payload");
    const auto bytes = answer.column_number("oversize_bytes");
    for (const auto& line : answer) {
      Text payload{text_of(line[text]), std::nullopt};
      if (!line[bytes].is_null()) payload.oversize_bytes = std::stoull(text_of(line[bytes]));
      if (!line[text].is_null() || payload.oversize_bytes) payloads[text_of(line[id])] = std::move(payload);
    }
  };
  PayloadsRead result;
  auto& unreadable = result.unreadable;
  try {
    read({0, ids.size()});
  } catch (const std::exception& error) {
    check_it_may_be_a_rows(call.statements, error);
    const Statements::Patience patience{call.statements,
                                        std::min(call.statements.usual_timeout(), RefusalSearch::kPartTimeout)};
    const auto give_up_at = std::chrono::steady_clock::now() + RefusalSearch::kLongest;
    auto found = bisect(call.statements, ids.size(), true, give_up_at, read);
    for (auto& [index, why] : found.search.refused()) unreadable.push_back({ids[index], std::move(why)});
  }
  result.withheld = withhold(claimed.rows, begin, call.terms.batch_bytes, [&](Row& row) {
    if (std::ranges::find(unreadable, row.id, &Unreadable::id) != unreadable.end()) return Payload::unreadable;
    const auto found = payloads.find(row.id);
    if (found == payloads.end()) return Payload::read;
    if (!found->second) return Payload::unread;
    row.payload_json = std::move(found->second->text);
    row.oversize_bytes = found->second->oversize_bytes;
    return Payload::read;
  });
  return result;
}

}  // namespace outboxd::outbox_store
