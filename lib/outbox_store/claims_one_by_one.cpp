// SPDX-License-Identifier: Apache-2.0
// How claims work around rows that can't be claimed.
#include "outbox_store/bisect.hpp"
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
using postgres::sanitize_last_error;
using postgres::Statements;
using postgres::text_of;
using postgres::whole_message_of;

namespace {

using SteadyClock = std::chrono::steady_clock;
using Milliseconds = std::chrono::milliseconds;

/// Errors that a row's own contents cause in every session that reads it.
bool is_of_data(std::string_view sqlstate) {
  return sqlstate.starts_with("22") || sqlstate.starts_with("XX");
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

dispatch::ClaimedRows Claims::claim_bisecting(const Call& call, const Failure& failure) {
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
  // The search touches no row's contents: if it is slow as well, the table is at fault.
  if (slow && SteadyClock::now() - asked_at > call.statements.usual_timeout() / 4) {
    if (auto claimed = claim_with_patience(call, call.statements.longest_timeout())) return std::move(*claimed);
    std::rethrow_exception(failure.error);
  }
  auto claimed = claim_one_by_one(call, ids, &failure);
  const bool all_slow =
      claimed.rows.empty() &&
      std::ranges::all_of(claimed.refused, [](const dispatch::RefusedRow& row) { return took_its_time(row.cause); });
  if (slow && all_slow) {
    auto late = claim_with_patience(call, patience_.once_more(call.statements.usual_timeout()));
    if (late) return std::move(*late);
  }
  return claimed;
}

// A row whose trigger is slow is claimed this way, alone; and so are the rows of a table on which every row is slow.
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
  const auto [ids, time] = patience_.turn_of(only);
  auto claimed = claim_one_by_one(call, ids, nullptr, time);
  if (ids.size() < only.size()) claimed.more = true;
  return claimed;
}

dispatch::ClaimedRows Claims::claim_one_by_one(const Call& call, const std::vector<std::string>& ids,
                                               const Failure* failure, Milliseconds time) {
  dispatch::ClaimedRows claimed;
  const auto work = [&](Part part) {
    if (fill_a_batch(claimed.rows, call.terms.batch_bytes)) {
      claimed.more = true;
      return;
    }
    const auto unwritten = claim_these(claimed, call, part_of(ids, part));
    if (!unwritten.empty()) claim_unwritten(claimed, call, unwritten);
  };
  const auto give_up_at =
      std::min(SteadyClock::now() + RefusalSearch::kLongest, call.began + call.statements.longest_timeout());
  const bool whole_failed = failure != nullptr && took_its_time(failure->cause);
  const auto longest = std::min<Milliseconds>(call.statements.longest_timeout(), ClaimPatience::kLongest);
  const Statements::Patience patience{call.statements, std::min(longest, time)};
  auto [search, first] = bisect(call.statements, ids.size(), whole_failed, give_up_at, work);
  const auto& refused = search.refused();
  // Rows that were claimed are leased to this worker; otherwise no row is at fault.
  if (claimed.rows.empty() && !refused.empty()) {
    look_for_table_lock(call.statements, call.layout, refused.front().why.cause);
  }
  const bool some_untried = !search.untried().empty();
  if (some_untried) claimed.more = true;
  const auto error = first || failure == nullptr ? first : failure->error;
  if (error && claimed.rows.empty() && claimed.refused.empty() && refused.empty() && some_untried) {
    std::rethrow_exception(error);
  }
  bool all_by_connection = claimed.rows.empty() && call.request.only.empty();
  for (const auto& [index, why] : refused) {
    if (claimed.refusal.empty()) {
      claimed.refusal = with_remedy("claiming from " + call.table + ": " + why.reason, why.cause);
    }
    if (!meaning_of_sqlstate(why.cause).reconnect) all_by_connection = false;
    if (took_its_time(why.cause)) patience_.was_too_slow(ids[index], time, call.statements.usual_timeout());
    claimed.refused.push_back(refuse(call, ids[index], why));
  }
  const bool whole_by_connection = failure != nullptr && meaning_of_sqlstate(failure->cause).reconnect;
  wants_new_connection_ = refused.empty() ? whole_by_connection : all_by_connection;
  for (const auto& row : claimed.rows) patience_.was_claimed(row.id);
  sort_as(ids, claimed.rows);
  return claimed;
}

dispatch::RefusedRow Claims::refuse(const Call& call, const std::string& id, const RefusalSearch::Why& why) {
  dispatch::RefusedRow row{id, "it can't be claimed: " + why.reason, false, why.cause};
  if (!is_of_data(why.cause)) return row;
  std::string last_error;
  try {
    exec(call.statements, call.layout.read_payload, id);
    return row;
  } catch (const std::exception& error) {
    check_it_may_be_a_rows(call.statements, error);
    if (!is_of_data(cause_of(error))) return row;
    row.reason = "it can't be read: " + message_of(error);
    last_error = sanitize_last_error("it can't be read: " + whole_message_of(error), call.statements.takes_unicode());
  }
  try {
    row.dead = affected_rows(exec(call.statements, call.layout.mark_dead, id, last_error)) > 0;
  } catch (const std::exception& error) {
    check_it_may_be_a_rows(call.statements, error);
  }
  return row;
}

}  // namespace outboxd::outbox_store
