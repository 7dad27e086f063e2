// SPDX-License-Identifier: Apache-2.0
#include "postgres/claims.hpp"

#include "postgres/array_literal.hpp"
#include "postgres/by_halves.hpp"
#include "postgres/error_text.hpp"

#include <algorithm>
#include <utility>

namespace outboxd::postgres {
namespace {

using SteadyClock = std::chrono::steady_clock;

// How long a row that can't be claimed is left alone; then whatever objected to it may have been mended.
constexpr std::chrono::seconds kAside{10};
// The more are left aside, the slower each claim.
constexpr std::size_t kMostAside = 1'000;
constexpr std::chrono::seconds kLongestSearch{2};

Parameter or_null(const std::string& text) {
  return text.empty() ? Parameter{} : Parameter{text};
}

/// Attempts are an integer that others may have set to anything.
std::uint32_t attempt_of(const pqxx::field& field) {
  return static_cast<std::uint32_t>(std::max(0LL, std::stoll(text_of(field))));
}

Row read_row(const pqxx::row& line, std::uint64_t max_payload_bytes) {
  Row row;
  row.id = text_of(line[0]);
  row.stream = text_of(line[1]);
  row.payload_json = text_of(line[2]);
  row.attempt = attempt_of(line[3]);
  row.dedupe_key = optional_text_of(line[7]);
  if (const auto bytes = std::stoull(text_of(line[6])); bytes > max_payload_bytes) row.oversize_bytes = bytes;
  return row;
}

void read_claim(const pqxx::result& result, std::uint64_t max_payload_bytes, dispatch::ClaimedRows& claimed) {
  claimed.claimed_at = text_of(result[0][5]);
  if (result[0][0].is_null()) return;
  claimed.lease = text_of(result[0][4]);
  claimed.rows.reserve(claimed.rows.size() + row_count(result));
  for (const auto& line : result) claimed.rows.push_back(read_row(line, max_payload_bytes));
}

bool may_be_one_rows(const std::exception& error) {
  return meaning_of_sqlstate(sqlstate_of(error)).may_be_one_rows;
}

}  // namespace

dispatch::ClaimedRows Claims::claim(Statements& statements, const Layout& layout, const LayoutTerms& terms,
                                    const dispatch::ClaimRequest& request) {
  const Call call{statements, layout, terms, request};
  const auto now = SteadyClock::now();
  std::erase_if(aside_, [now](const auto& row) { return row.second <= now; });
  while (!leases_.empty() && leases_.front().forget_at <= now) leases_.pop_front();
  if (std::exchange(in_doubt_, true) && !layout.free_unknown_leases.empty()) free_unknown_leases(call);
  auto claimed = claim_due(call);
  // Long enough: a lease that has ended is free for all.
  if (!claimed.rows.empty()) leases_.push_back({claimed.lease, now + 2 * terms.lease});
  in_doubt_ = false;
  return claimed;
}

void Claims::free_unknown_leases(const Call& call) {
  std::vector<std::string> known;
  for (const auto& lease : leases_) known.push_back(lease.end);
  exec(call.statements, call.layout.free_unknown_leases, array_literal(known));
}

dispatch::ClaimedRows Claims::claim_due(const Call& call) {
  const auto& [statements, layout, terms, request] = call;
  const auto claim_by = [&call](const std::string& statement, const auto&... ids) {
    dispatch::ClaimedRows claimed;
    read_claim(exec(call.statements, statement, call.request.limit, or_null(call.request.due_by), ids...),
               call.terms.max_payload_bytes, claimed);
    return claimed;
  };
  try {
    if (!request.only.empty()) return claim_by(layout.claim_these, array_literal(request.only));
    if (!aside_.empty()) return claim_by(layout.claim_others, array_literal(ids_aside()));
    return claim_by(layout.claim);
  } catch (const std::exception& error) {
    if (!may_be_one_rows(error)) throw;
    if (!request.only.empty()) {
      dispatch::ClaimedRows none;
      for (const auto& id : request.only) none.refused.push_back(set_aside(call, id, message_of(error)));
      return none;
    }
  }
  return claim_around(call);
}

dispatch::ClaimedRows Claims::claim_around(const Call& call) {
  const auto& [statements, layout, terms, request] = call;
  const auto due_by = or_null(request.due_by);
  const auto due = exec(statements, layout.due_ids, request.limit, due_by, array_literal(ids_aside()));
  dispatch::ClaimedRows claimed;
  std::vector<std::string> ids;
  for (const auto& line : due) {
    ids.push_back(text_of(line[0]));
    claimed.lease = text_of(line[1]);
    claimed.claimed_at = text_of(line[2]);
  }
  const auto claim_these = [&](std::size_t begin, std::size_t end) {
    const std::vector<std::string> these(ids.begin() + static_cast<std::ptrdiff_t>(begin),
                                         ids.begin() + static_cast<std::ptrdiff_t>(end));
    read_claim(exec(call.statements, call.layout.claim_these_until, end - begin, due_by, array_literal(these),
                    claimed.lease),
               call.terms.max_payload_bytes, claimed);
  };
  auto refused = by_halves(ids.size(), SteadyClock::now() + kLongestSearch, claim_these);
  // A whole claim in which no row will do is no single row's doing.
  const bool all = ids.size() > 1 && ids.size() == request.limit && refused.items.size() == ids.size();
  if (all) std::rethrow_exception(refused.first);
  for (const auto& [index, reason] : refused.items) claimed.refused.push_back(set_aside(call, ids[index], reason));
  return claimed;
}

dispatch::RefusedRow Claims::set_aside(const Call& call, const std::string& id, const std::string& reason) {
  try {
    exec(call.statements, call.layout.read_payload, id);
  } catch (const std::exception& error) {
    if (!may_be_one_rows(error)) throw;
    const auto why = "it can't be read: " + message_of(error);
    try {
      const bool dead = affected_rows(exec(call.statements, call.layout.bury, id, storable_error(why))) > 0;
      if (dead) return {id, why, true};
    } catch (const std::exception& refused) {
      if (!may_be_one_rows(refused)) throw;
    }
  }
  if (aside_.size() < kMostAside) aside_[id] = SteadyClock::now() + kAside;
  return {id, "it can't be claimed: " + reason, false};
}

std::vector<std::string> Claims::ids_aside() const {
  std::vector<std::string> ids;
  for (const auto& [id, until] : aside_) ids.push_back(id);
  return ids;
}

}  // namespace outboxd::postgres
