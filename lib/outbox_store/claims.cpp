// SPDX-License-Identifier: Apache-2.0
#include "outbox_store/claims.hpp"

#include "outbox_store/claim_answer.hpp"
#include "outbox_store/table_lock.hpp"
#include "postgres/array_literal.hpp"

#include <algorithm>
#include <functional>
#include <iterator>
#include <set>
#include <utility>

namespace outboxd::outbox_store {

using outbox_table::Layout;
using outbox_table::LayoutTerms;
using postgres::array_literal;
using postgres::exec;
using postgres::or_null;
using postgres::row_count;
using postgres::Statements;
using postgres::text_of;

namespace {

using SteadyClock = std::chrono::steady_clock;

// The interval between searches for rows that claims leave out because their ids are too long.
constexpr std::chrono::seconds kMarkDeadEach{1};

}  // namespace

void Overlooked::add(const std::vector<std::string>& more) {
  if (ids.size() > kMost) ids.clear();
  const std::set<std::string, std::less<>> known(ids.begin(), ids.end());
  std::ranges::copy_if(more, std::back_inserter(ids), [&](const auto& id) { return !known.contains(id); });
}

void Overlooked::add(Overlooked found) {
  add(found.ids);
  if (!found.many_from.empty()) many_from = std::move(found.many_from);
  if (found.swept) swept = found.swept;
}

dispatch::ClaimedRows Claims::claim(Statements& statements, const Layout& layout, const LayoutTerms& terms,
                                    const dispatch::ClaimRequest& request, const std::string& table) {
  const auto now = SteadyClock::now();
  const Call call{statements, layout, terms, request, table, now};
  wants_new_connection_ = false;
  while (!leases_.empty() && leases_.front().forget_at <= now) leases_.pop_front();
  if (request.only.empty()) leave_out(request.except_streams);
  if (std::exchange(in_doubt_, true) && !layout.release_orphaned_leases.empty()) release_orphaned_leases(call);
  auto claimed = claim_due(call);
  if (!layout.mark_due_nameless_dead.empty() && now >= mark_dead_at_) {
    auto dead = mark_due_nameless_dead(statements, layout);
    mark_dead_at_ = dead.empty() ? now + kMarkDeadEach : now;
    std::ranges::move(dead, std::back_inserter(claimed.refused));
  }
  // Long enough: a lease that has ended is free for all workers.
  if (!claimed.rows.empty()) leases_.push_back({claimed.lease, now + 2 * terms.lease});
  in_doubt_ = false;
  return claimed;
}

void Claims::leave_out(const std::vector<std::string>& streams) {
  // Rows that are no longer left out may precede all others. Both lists are sorted.
  if (!std::ranges::includes(streams, except_streams_)) {
    ahead_.forget();
    mark_.forget();
  }
  except_streams_ = streams;
}

void Claims::release_orphaned_leases(const Call& call) {
  std::vector<std::string> known;
  for (const auto& lease : leases_) known.push_back(lease.end);
  look_after_leases(call.statements, call.layout.release_orphaned_leases, array_literal(known));
}

template <typename... Ids>
std::vector<std::string> Claims::claim_into(dispatch::ClaimedRows& claimed, const Call& call,
                                            const std::string& statement, std::size_t limit, const Ids&... ids) {
  // Taken before the statement is sent: the server's own end of the lease can only be later.
  if (claimed.rows.empty()) claimed.lease_ends = SteadyClock::now() + call.terms.lease;
  const auto answer = exec(call.statements, statement, limit, or_null(call.request.due_by), ids...);
  const auto before = claimed.rows.size();
  auto others = read_claim(call.statements, call.layout, call.terms, answer, claimed);
  last_was_full_ = claimed.rows.size() + claimed.refused.size() >= limit;
  if (others.to_read.empty()) {
    give_back(call, claimed, {});
    return std::move(others.unwritten);
  }
  auto [withheld, unreadable] = read_payloads(call, claimed, before, others.to_read);
  give_back(call, claimed, withheld);
  for (const auto& [id, why] : unreadable) {
    if (claimed.refusal.empty()) claimed.refusal = "claiming from " + call.table + ": " + why.reason;
    claimed.refused.push_back(refuse(call, id, why));
    std::erase(withheld.ids, id);
  }
  std::ranges::move(withheld.ids, std::back_inserter(withheld_));
  return std::move(others.unwritten);
}

template <typename... Ids>
dispatch::ClaimedRows Claims::claim_by(const Call& call, const std::string& statement, const Ids&... ids) {
  dispatch::ClaimedRows claimed;
  withheld_.clear();
  const auto limit = fitting_.limit(call.request.limit);
  const auto unwritten = claim_into(claimed, call, statement, limit, ids...);
  // More rows may be due behind rows that were found but not written.
  const bool was_full = last_was_full_ || claimed.rows.size() + claimed.refused.size() + unwritten.size() >= limit;
  if (!unwritten.empty()) claim_unwritten(claimed, call, unwritten);
  // The claim asked for fewer rows than allowed, as more of them would not have fitted.
  if (was_full && limit < call.request.limit) claimed.more = true;
  last_was_full_ = was_full;
  return claimed;
}

std::vector<std::string> Claims::claim_these(dispatch::ClaimedRows& claimed, const Call& call,
                                             const std::vector<std::string>& ids) {
  const auto these = array_literal(ids);
  if (claimed.lease.empty()) return claim_into(claimed, call, call.layout.claim_these, ids.size(), these);
  return claim_into(claimed, call, call.layout.claim_these_until, ids.size(), these, claimed.lease);
}

// Another session may have changed a row between the search and the lock; a second search finds it by its id. A row
// that is not written even then is held back by a trigger.
void Claims::claim_unwritten(dispatch::ClaimedRows& claimed, const Call& call, const std::vector<std::string>& ids) {
  const auto unwritten = claim_these(claimed, call, ids);
  for (const auto& id : unwritten) {
    claimed.refused.push_back(
        refuse(call, id, {"the UPDATE for its lease did nothing, or was undone (by a trigger?)", kUnwritten}));
  }
  if (unwritten.empty()) return;
  claimed.refusal = "claiming from " + call.table + ": " + claimed.refused.back().reason;
}

dispatch::ClaimedRows Claims::claim_due(const Call& call) {
  if (!call.request.only.empty()) return claim_by_name(call);
  Failure failure;
  try {
    auto claimed = claim_any(call);
    patience_.went_well();
    return claimed;
  } catch (const std::exception& error) {
    check_it_may_be_a_rows(call.statements, error);
    look_for_table_lock(call.statements, call.layout, cause_of(error));
    ahead_.forget();
    // The row may be one below the mark.
    mark_.forget();
    failure = {cause_of(error), std::current_exception()};
  }
  auto claimed = claim_bisecting(call, failure);
  if (!claimed.rows.empty()) patience_.went_well();
  return claimed;
}

dispatch::ClaimedRows Claims::claim_any(const Call& call) {
  if (auto claimed = claim_overlooked(call); !claimed.rows.empty() || !claimed.refused.empty()) return claimed;
  const auto& without = call.request.without;
  if (without.empty()) return claim_next(call);
  return claim_from_mark(call, call.layout.claim_others, array_literal(without));
}

dispatch::ClaimedRows Claims::claim_next(const Call& call) {
  const bool in_a_backlog = std::exchange(last_was_full_, false);
  if (auto claimed = claim_ahead(call); !claimed.rows.empty() || !claimed.refused.empty()) return claimed;
  if (in_a_backlog) {
    claim_window(call);
    if (auto claimed = claim_ahead(call); !claimed.rows.empty() || !claimed.refused.empty()) return claimed;
  }
  return claim_from_mark(call, call.layout.claim);
}

template <typename... Others>
dispatch::ClaimedRows Claims::claim_from_mark(const Call& call, const std::string& statement,
                                              const Others&... others) {
  const Statements::Stopwatch watch{call.statements};
  const bool from_mark = mark_.in_use();
  const auto streams = array_literal(call.request.except_streams);
  auto claimed = claim_by(call, statement, others..., mark_.begin(), streams);
  // Rows that other workers hold, or poison candidates, may lie below the mark.
  if (from_mark) claimed.any_due = true;
  // The end was not reached either where rows are due again at once because they didn't fit.
  if (last_was_full_ || !withheld_.empty()) return claimed;
  if (call.request.due_by.empty()) {
    mark_.reached_the_end(claimed.claimed_at, claimed.rows.size(), watch.elapsed());
  } else if (from_mark && claimed.rows.empty()) {
    // A claim of all rows that were due at some time must not miss any of them.
    mark_.forget();
    claimed = claim_by(call, statement, others..., mark_.begin(), streams);
  }
  return claimed;
}

void Claims::hand_over(Overlooked overlooked) {
  overlooked_.insert(overlooked_.end(), overlooked.ids.begin(), overlooked.ids.end());
  while (overlooked_.size() > Overlooked::kMost) overlooked_.pop_front();
  if (overlooked.swept) mark_.swept(*overlooked.swept);
  if (overlooked.many_from.empty()) return;
  mark_.lower(std::move(overlooked.many_from));
  ahead_.forget();
}

dispatch::ClaimedRows Claims::claim_overlooked(const Call& call) {
  const auto limit = fitting_.limit(call.request.limit);
  const bool in_a_backlog = last_was_full_;
  const auto& without = call.request.without;
  while (!overlooked_.empty()) {
    std::vector<std::string> ids;
    for (; !overlooked_.empty() && ids.size() < limit; overlooked_.pop_front()) {
      if (std::ranges::find(without, overlooked_.front()) == without.end())
        ids.push_back(std::move(overlooked_.front()));
    }
    if (ids.empty()) break;
    auto claimed =
        claim_by(call, call.layout.claim_overlooked, array_literal(ids), array_literal(call.request.except_streams));
    last_was_full_ = in_a_backlog;
    std::ranges::copy(withheld_, std::back_inserter(overlooked_));
    if (claimed.rows.empty() && claimed.refused.empty()) continue;
    claimed.more = true;
    return claimed;
  }
  return {};
}

dispatch::ClaimedRows Claims::claim_ahead(const Call& call) {
  const auto limit = fitting_.limit(call.request.limit);
  for (;;) {
    const auto places = ahead_.take(limit, call.request.due_by, SteadyClock::now());
    if (places.empty()) return {};
    auto claimed =
        claim_by(call, call.layout.claim_places, array_literal(places), array_literal(call.request.except_streams));
    if (2 * (claimed.rows.size() + withheld_.size()) < places.size()) ahead_.contended();
    if (claimed.rows.empty() && claimed.refused.empty()) continue;
    claimed.more = true;
    last_was_full_ = true;
    return claimed;
  }
}

void Claims::claim_window(const Call& call) {
  std::vector<std::string> places;
  const Statements::Stopwatch watch{call.statements};
  const auto wanted = ahead_.rows_to_find(SteadyClock::now());
  const auto found = exec(call.statements, call.layout.claim_window, wanted, or_null(call.request.due_by),
                          mark_.begin(), array_literal(call.request.except_streams));
  places.reserve(row_count(found));
  for (const auto& line : found) {
    places.push_back(text_of(line[0]));
    if (!line[1].is_null()) mark_.found_first(text_of(line[1]));
  }
  mark_.looked(places.size(), watch.elapsed());
  // A single claim takes them all, so no list is needed.
  if (places.size() <= call.request.limit) places.clear();
  ahead_.found(std::move(places), call.request.due_by, SteadyClock::now());
}

void Claims::give_back(const Call& call, dispatch::ClaimedRows& claimed, const WithheldRows& withheld) {
  if (withheld.some_did_not_fit) {
    fitting_.did_not_fit(claimed.rows.size());
    claimed.more = true;
  } else if (last_was_full_) {
    fitting_.fitted_full();
  }
  const auto& ids = withheld.ids;
  if (ids.empty()) return;
  // A row that can't be given back is due again when its lease ends; the rows that fit must not be lost for it.
  bisect(call.statements, ids.size(), false, SteadyClock::now() + RefusalSearch::kLongest, [&](Part part) {
    const std::vector<std::string> verdicts(part.size(), to_string(Verdict::release));
    const std::vector<std::string> delays(part.size(), "0");
    const std::vector<std::optional<std::string>> errors(part.size());
    exec(call.statements, call.layout.settle_unlocked, array_literal(part_of(ids, part)), claimed.lease,
         array_literal(verdicts), array_literal(delays), array_literal(errors));
  });
}

}  // namespace outboxd::outbox_store
