// SPDX-License-Identifier: Apache-2.0
// The way of a claim around rows that can't be claimed.
#include "outbox_store/by_halves.hpp"
#include "outbox_store/claims.hpp"
#include "outbox_store/table_lock.hpp"
#include "postgres/array_literal.hpp"
#include "postgres/error_text.hpp"
#include "postgres/sqlstate.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <string_view>
#include <utility>

namespace outboxd::outbox_store {

using postgres::affected_rows;
using postgres::array_literal;
using postgres::exec;
using postgres::meaning_of_sqlstate;
using postgres::message_of;
using postgres::or_null;
using postgres::Statements;
using postgres::storable_error;
using postgres::text_of;
using postgres::whole_message_of;

namespace {

using SteadyClock = std::chrono::steady_clock;
using Milliseconds = std::chrono::milliseconds;

// Beyond this a claim waits for nothing that may be a single row's, as others come meanwhile.
constexpr std::chrono::seconds kLongestPatience{10};
// More are forgotten, and begin anew.
constexpr std::size_t kMostSlow = 1'000;

/// Errors that a row's own contents cause in every session that reads it.
bool is_of_data(std::string_view sqlstate) {
  return sqlstate.starts_with("22") || sqlstate.starts_with("XX");
}

std::uint64_t bytes_of(const std::vector<Row>& rows) {
  std::uint64_t bytes = 0;
  for (const auto& row : rows) bytes += row.payload_json.size();
  return bytes;
}

void sort_as(const std::vector<std::string>& ids, std::vector<Row>& rows) {
  std::map<std::string_view, std::size_t> places;
  for (std::size_t i = 0; i < ids.size(); ++i) places.emplace(ids[i], i);
  std::ranges::sort(rows, {}, [&](const Row& row) { return places[row.id]; });
}

std::string with_remedy(std::string text, std::string_view sqlstate) {
  const auto remedy = meaning_of_sqlstate(sqlstate).remedy;
  if (!remedy.empty()) text.append("; ").append(remedy);
  return text;
}

}  // namespace

dispatch::ClaimedRows Claims::claim_around(const Call& call, const Failure& failure) {
  std::vector<std::string> ids;
  const auto asked_at = SteadyClock::now();
  {
    const Statements::Patience patience{call.statements, call.statements.longest_timeout()};
    const auto& [limit, due_by, only, without, streams] = call.request;
    for (const auto& line : exec(call.statements, call.layout.due_ids, limit, or_null(due_by), array_literal(without),
                                 mark_.begin(), array_literal(streams))) {
      ids.push_back(text_of(line[0]));
    }
  }
  if (ids.empty()) std::rethrow_exception(failure.error);
  const bool slow = took_its_time(failure.cause);
  // No row has a part in looking for them: where that is slow as well, the table is.
  if (slow && SteadyClock::now() - asked_at > call.statements.usual_timeout() / 4) {
    if (auto claimed = claim_with_patience(call, call.statements.longest_timeout())) return std::move(*claimed);
    std::rethrow_exception(failure.error);
  }
  auto claimed = claim_one_by_one(call, ids, &failure);
  const bool all_slow =
      claimed.rows.empty() &&
      std::ranges::all_of(claimed.refused, [](const dispatch::RefusedRow& row) { return took_its_time(row.cause); });
  if (slow && all_slow) {
    const auto patience = call.statements.usual_timeout() * (1U << std::min(fruitless_++, 4U));
    if (auto late = claim_with_patience(call, std::min<Milliseconds>(patience, kLongestPatience))) {
      return std::move(*late);
    }
  }
  return claimed;
}

// A row whose trigger takes long comes to its end this way while it has no neighbours, and so does a table on which
// all is slow.
std::optional<dispatch::ClaimedRows> Claims::claim_with_patience(const Call& call, Milliseconds most) {
  const auto passed = std::chrono::ceil<Milliseconds>(SteadyClock::now() - call.began);
  const auto time = std::min(call.statements.longest_timeout() - passed, most);
  if (time <= call.statements.usual_timeout()) return std::nullopt;
  try {
    const Statements::Patience patience{call.statements, time};
    return claim_any(call);
  } catch (const std::exception& error) {
    check_it_may_be_a_rows(call.statements, error);
    return std::nullopt;
  }
}

dispatch::ClaimedRows Claims::claim_by_name(const Call& call) {
  const auto& only = call.request.only;
  std::vector<std::string> quick;
  std::ranges::copy_if(only, std::back_inserter(quick), [&](const auto& id) { return !slow_.contains(id); });
  if (quick.empty()) quick.push_back(only.front());
  const auto slow = slow_.find(quick.front());
  auto claimed = claim_one_by_one(call, quick, nullptr, slow == slow_.end() ? kProbeTimeout : slow->second);
  if (quick.size() < only.size()) claimed.more = true;
  return claimed;
}

dispatch::ClaimedRows Claims::claim_one_by_one(const Call& call, const std::vector<std::string>& ids,
                                               const Failure* failure, Milliseconds time) {
  dispatch::ClaimedRows claimed;
  const auto work = [&](std::size_t begin, std::size_t end) {
    // More than a batch holds is left for the next claim.
    if (bytes_of(claimed.rows) >= call.terms.batch_bytes) {
      claimed.more = true;
      return;
    }
    const std::vector<std::string> these(ids.begin() + static_cast<std::ptrdiff_t>(begin),
                                         ids.begin() + static_cast<std::ptrdiff_t>(end));
    const auto unwritten = claim_these(claimed, call, these);
    if (!unwritten.empty()) claim_unwritten(claimed, call, unwritten);
  };
  const auto give_up_at =
      std::min(SteadyClock::now() + kLongestSearch, call.began + call.statements.longest_timeout());
  const bool whole_failed = failure != nullptr && took_its_time(failure->cause);
  const auto longest = std::min<Milliseconds>(call.statements.longest_timeout(), kLongestPatience);
  const Statements::Patience patience{call.statements, std::min(longest, time)};
  const auto refused = by_halves(call.statements, ids.size(), whole_failed, give_up_at, work);
  // What was claimed is ours; else it is no row's fault.
  if (claimed.rows.empty() && !refused.items.empty()) {
    look_for_table_lock(call.statements, call.layout, refused.items.front().cause);
  }
  if (refused.untried > 0) claimed.more = true;
  const auto error = refused.first || failure == nullptr ? refused.first : failure->error;
  if (error && claimed.rows.empty() && claimed.refused.empty() && refused.items.empty() && refused.untried > 0) {
    std::rethrow_exception(error);
  }
  bool all_by_connection = claimed.rows.empty() && call.request.only.empty();
  for (const auto& [index, reason, cause] : refused.items) {
    if (claimed.refusal.empty()) claimed.refusal = with_remedy("claiming from " + call.table + ": " + reason, cause);
    if (!meaning_of_sqlstate(cause).reconnect) all_by_connection = false;
    if (took_its_time(cause)) {
      if (slow_.size() >= kMostSlow) slow_.clear();
      slow_[ids[index]] =
          std::min<Milliseconds>(kLongestPatience, std::max(call.statements.usual_timeout(), 2 * time));
    }
    claimed.refused.push_back(refuse(call, ids[index], cause, reason));
  }
  const bool whole_by_connection = failure != nullptr && meaning_of_sqlstate(failure->cause).reconnect;
  wants_new_connection_ = refused.items.empty() ? whole_by_connection : all_by_connection;
  for (const auto& row : claimed.rows) slow_.erase(row.id);
  sort_as(ids, claimed.rows);
  return claimed;
}

dispatch::RefusedRow Claims::refuse(const Call& call, const std::string& id, const std::string& cause,
                                    const std::string& reason) {
  dispatch::RefusedRow row{id, "it can't be claimed: " + reason, false, cause};
  if (!is_of_data(cause)) return row;
  std::string why;
  try {
    exec(call.statements, call.layout.read_payload, id);
    return row;
  } catch (const std::exception& error) {
    check_it_may_be_a_rows(call.statements, error);
    if (!is_of_data(cause_of(error))) return row;
    row.reason = "it can't be read: " + message_of(error);
    why = storable_error("it can't be read: " + whole_message_of(error), call.statements.takes_unicode());
  }
  try {
    row.dead = affected_rows(exec(call.statements, call.layout.bury, id, why)) > 0;
  } catch (const std::exception& error) {
    check_it_may_be_a_rows(call.statements, error);
  }
  return row;
}

}  // namespace outboxd::outbox_store
