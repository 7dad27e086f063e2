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
  const auto bytes = line[6].is_null() ? 0 : std::stoull(text_of(line[6]));
  if (bytes > max_payload_bytes) row.oversize_bytes = bytes;
  return row;
}

/// Returns the ids of rows that were kept back.
std::vector<std::string> read_claim(const pqxx::result& result, std::uint64_t max_payload_bytes,
                                    dispatch::ClaimedRows& claimed) {
  claimed.claimed_at = text_of(result[0][5]);
  std::vector<std::string> kept_back;
  claimed.any_due = text_of(result[0][8]) == "t";
  if (row_count(result) == 1) return kept_back;
  claimed.lease = text_of(result[0][4]);
  claimed.rows.reserve(claimed.rows.size() + row_count(result) - 1);
  for (const auto& line : result) {
    if (line[0].is_null()) continue;
    if (text_of(line[8]) == "t") {
      kept_back.push_back(text_of(line[0]));
    } else {
      claimed.rows.push_back(read_row(line, max_payload_bytes));
    }
  }
  return kept_back;
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

template <typename... Ids>
dispatch::ClaimedRows Claims::claim_by(const Call& call, const std::string& statement, const Ids&... ids) {
  dispatch::ClaimedRows claimed;
  const auto limit = std::min(call.request.limit, fitting_);
  kept_back_ = read_claim(exec(call.statements, statement, limit, or_null(call.request.due_by), ids...),
                          call.terms.max_payload_bytes, claimed);
  last_was_full_ = claimed.rows.size() + kept_back_.size() >= limit;
  give_back_what_does_not_fit(call, claimed);
  return claimed;
}

dispatch::ClaimedRows Claims::claim_due(const Call& call) {
  const auto& request = call.request;
  const auto& layout = call.layout;
  try {
    if (!request.only.empty()) return claim_by(call, layout.claim_these, array_literal(request.only));
    if (!aside_.empty()) return claim_by(call, layout.claim_others, array_literal(ids_aside()));
    return claim_next(call);
  } catch (const std::exception& error) {
    if (!may_be_one_rows(error)) throw;
    ahead_.forget();
    if (!request.only.empty()) {
      dispatch::ClaimedRows none;
      for (const auto& id : request.only) none.refused.push_back(set_aside(call, id, message_of(error)));
      return none;
    }
  }
  return claim_around(call);
}

dispatch::ClaimedRows Claims::claim_next(const Call& call) {
  const bool in_a_backlog = std::exchange(last_was_full_, false);
  if (auto claimed = claim_ahead(call); !claimed.rows.empty()) return claimed;
  if (in_a_backlog) {
    look_ahead(call);
    if (auto claimed = claim_ahead(call); !claimed.rows.empty()) return claimed;
  }
  return claim_by(call, call.layout.claim);
}

dispatch::ClaimedRows Claims::claim_ahead(const Call& call) {
  const auto limit = std::min(call.request.limit, fitting_);
  for (;;) {
    const auto places = ahead_.take(limit, call.request.due_by, SteadyClock::now());
    if (places.empty()) return {};
    auto claimed = claim_by(call, call.layout.claim_places, array_literal(places));
    if (2 * (claimed.rows.size() + kept_back_.size()) < places.size()) ahead_.others_were_here();
    if (claimed.rows.empty()) continue;
    claimed.more = true;
    last_was_full_ = true;
    return claimed;
  }
}

void Claims::look_ahead(const Call& call) {
  std::vector<std::string> places;
  const auto wanted = ahead_.rows_to_find(SteadyClock::now());
  const auto found = exec(call.statements, call.layout.look_ahead, wanted, or_null(call.request.due_by));
  places.reserve(row_count(found));
  for (const auto& line : found) places.push_back(text_of(line[0]));
  // What one claim takes needs no list.
  if (places.size() <= call.request.limit) places.clear();
  ahead_.found(std::move(places), call.request.due_by, SteadyClock::now());
}

void Claims::give_back_what_does_not_fit(const Call& call, dispatch::ClaimedRows& claimed) {
  if (kept_back_.empty()) {
    if (fitting_ <= UINT32_MAX / 2 && last_was_full_) fitting_ *= 2;
    return;
  }
  fitting_ = std::max<std::uint32_t>(1, static_cast<std::uint32_t>(claimed.rows.size()));
  claimed.more = true;
  const std::vector<std::string> verdicts(kept_back_.size(), to_string(Verdict::release));
  const std::vector<std::string> delays(kept_back_.size(), "0");
  const std::vector<std::optional<std::string>> errors(kept_back_.size());
  exec(call.statements, call.layout.settle, array_literal(kept_back_), claimed.lease, array_literal(verdicts),
       array_literal(delays), array_literal(errors));
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
    kept_back_ = read_claim(exec(call.statements, call.layout.claim_these_until, end - begin, due_by,
                                 array_literal(these), claimed.lease),
                            call.terms.max_payload_bytes, claimed);
    give_back_what_does_not_fit(call, claimed);
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
    const std::string why = "it can't be read: ";
    try {
      const auto written = storable_error(why + whole_message_of(error), call.statements.takes_unicode());
      const bool dead = affected_rows(exec(call.statements, call.layout.bury, id, written)) > 0;
      if (dead) return {id, why + message_of(error), true};
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
