// SPDX-License-Identifier: Apache-2.0
// Payloads that are too large to come with their claim.
#include "outbox_store/by_halves.hpp"
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
  struct Payload {
    std::string text;
    std::optional<std::uint64_t> oversize_bytes;
  };
  std::map<std::string, std::optional<Payload>, std::less<>> payloads;
  for (const auto& id : ids) payloads.emplace(id, std::nullopt);
  const auto read = [&](std::size_t first, std::size_t last) {
    const std::vector<std::string> these(ids.begin() + static_cast<std::ptrdiff_t>(first),
                                         ids.begin() + static_cast<std::ptrdiff_t>(last));
    const auto answer = exec(call.statements, call.layout.read_payloads, array_literal(these), claimed.lease);
    const auto id = answer.column_number("id");
    const auto text = answer.column_number("payload");
    const auto bytes = answer.column_number("oversize_bytes");
    for (const auto& line : answer) {
      Payload payload{text_of(line[text]), std::nullopt};
      if (!line[bytes].is_null()) payload.oversize_bytes = std::stoull(text_of(line[bytes]));
      if (!line[text].is_null() || payload.oversize_bytes) payloads[text_of(line[id])] = std::move(payload);
    }
  };
  PayloadsRead result;
  auto& [kept_back, unreadable] = result;
  try {
    read(0, ids.size());
  } catch (const std::exception& error) {
    check_it_may_be_a_rows(call.statements, error);
    const Statements::Patience patience{call.statements, std::min(call.statements.usual_timeout(), kProbeTimeout)};
    const auto give_up_at = std::chrono::steady_clock::now() + kLongestSearch;
    for (auto& [index, reason, cause] : by_halves(call.statements, ids.size(), true, give_up_at, read).items) {
      unreadable.push_back({ids[index], std::move(cause), std::move(reason)});
    }
  }
  std::uint64_t bytes = 0;
  bool is_full = false;
  auto& rows = claimed.rows;
  auto kept = rows.begin() + static_cast<std::ptrdiff_t>(begin);
  for (auto row = kept; row != rows.end(); ++row) {
    if (std::ranges::find(unreadable, row->id, &Unreadable::id) != unreadable.end()) {
      kept_back.push_back(row->id);
      continue;
    }
    if (const auto found = payloads.find(row->id); found != payloads.end()) {
      if (found->second) {
        row->payload_json = std::move(found->second->text);
        row->oversize_bytes = found->second->oversize_bytes;
      } else {
        is_full = true;
      }
    }
    is_full = is_full || (bytes > 0 && bytes + bytes_of(*row) > call.terms.batch_bytes);
    if (is_full) {
      kept_back.push_back(row->id);
      continue;
    }
    bytes += bytes_of(*row);
    if (kept != row) *kept = std::move(*row);
    ++kept;
  }
  rows.erase(kept, rows.end());
  return result;
}

}  // namespace outboxd::outbox_store
