// SPDX-License-Identifier: Apache-2.0
#include "simulation/sim_statements.hpp"

#include <algorithm>
#include <utility>

namespace outboxd::simulation {
namespace {

using dispatch::StoreError;
using dispatch::StoreResult;

// Postgres' code for a time-out.
constexpr const char* kTimedOut = "57014";
constexpr Milliseconds kUsualTimeout{3'000};
constexpr Milliseconds kQuick{1};

std::vector<std::string> ids_of(std::span<const Outcome> outcomes) {
  std::vector<std::string> ids;
  for (const auto& outcome : outcomes) ids.push_back(outcome.id);
  return ids;
}

}  // namespace

bool SimStatements::is_slow(const Why& why) {
  return why.cause == kTimedOut;
}

std::optional<RefusalSearch::Why> SimStatements::refusal_of(const Ids& ids, Refusing RowFacts::*refusing) {
  if (ids.empty()) return std::nullopt;
  if (is_refused(world_.table_refuses)) return Why{"the table takes no writes", world_.table_refuses.cause};
  std::optional<Why> why;
  for (const auto& id : ids) {
    auto& facts = world_.facts.at(id);
    const auto& refused = facts.*refusing;
    // A statement sees that a row is locked, and goes on without it.
    if (!is_refused(refused) || refused.cause.empty()) continue;
    if (ids.size() == 1) facts.refused_at = world_.now();
    if (!why) why = Why{"a trigger refuses it", refused.cause};
  }
  return why;
}

StoreResult<dispatch::ClaimedRows> SimStatements::claim(const dispatch::ClaimRequest& request,
                                                        const SimTable::RowFilter& passed_over, Milliseconds& took) {
  dispatch::ClaimedRows claimed;
  claimed.lease = world_.table.new_lease();
  const bool is_named = !request.only.empty();
  const auto limit = is_named ? request.limit : fitting_.limit(request.limit);
  auto ids = world_.table.due(limit, world_.now(), read_time(request.due_by), passed_over);
  const auto why = refusal_of(ids, &RowFacts::claim_refused);
  if (is_named && !ids.empty()) {
    const auto [turn, time] = patience_.turn_of(ids);
    if (turn.size() < ids.size()) claimed.more = true;
    if (auto failure = claim_in_parts(turn, false, time, claimed, took)) return *failure;
  } else if (why) {
    took += is_slow(*why) ? kUsualTimeout : kQuick;
    ids = world_.table.due(request.limit, world_.now(), read_time(request.due_by), passed_over);
    if (auto failure = claim_in_parts(ids, is_slow(*why), RefusalSearch::kPartTimeout, claimed, took)) {
      return *failure;
    }
  } else if (!ids.empty()) {
    const bool is_full = ids.size() >= limit;
    claim_part(ids, claimed);
    if (is_full && claimed.rows.size() == ids.size()) fitting_.fitted_full();
    if (is_full && limit < request.limit) claimed.more = true;
  }
  return claimed;
}

std::optional<StoreError> SimStatements::claim_in_parts(const Ids& ids, bool whole_failed, Milliseconds time,
                                                        dispatch::ClaimedRows& claimed, Milliseconds& took) {
  RefusalSearch search{ids.size(), whole_failed};
  const auto now = [&] { return world_.now() + took; };
  search.run(now() + RefusalSearch::kLongest, now, [&](Part part) -> std::optional<Why> {
    if (fill_a_batch(claimed.rows, world_.setting.batch_bytes)) {
      claimed.more = true;
      return std::nullopt;
    }
    const Ids these(ids.begin() + static_cast<std::ptrdiff_t>(part.begin),
                    ids.begin() + static_cast<std::ptrdiff_t>(part.end));
    auto why = refusal_of(these, &RowFacts::claim_refused);
    took += why && is_slow(*why) ? time : kQuick;
    if (!why) claim_part(these, claimed);
    return why;
  });
  for (const auto& [index, why] : search.refused()) {
    const auto& id = ids[index];
    world_.count(Event::row_refused_at_claim);
    world_.trace(life_.worker(), "may not claim " + id + ": " + why.cause);
    if (is_slow(why)) {
      world_.count(Event::row_too_slow);
      patience_.was_too_slow(id, time, kUsualTimeout);
    }
    claimed.refused.push_back(refuse(id, why));
    claimed.refusal = "claiming: " + why.reason;
  }
  life_.meets_trouble(took);
  for (const auto& row : claimed.rows) patience_.was_claimed(row.id);
  if (search.untried().empty()) return std::nullopt;
  world_.count(Event::untried_in_time);
  for (const auto& part : search.untried()) {
    for (auto i = part.begin; i < part.end; ++i) world_.facts.at(ids[i]).passed_over_at = world_.now();
  }
  if (claimed.rows.empty() && claimed.refused.empty()) return StoreError{"the statement timed out"};
  claimed.more = true;
  return std::nullopt;
}

void SimStatements::claim_part(const Ids& ids, dispatch::ClaimedRows& claimed) {
  const auto before = claimed.rows.size();
  world_.table.lease(ids, life_.worker(), claimed.lease, world_.now(), lease_, claimed.rows);
  for (auto& row : std::span{claimed.rows}.subspan(before)) {
    const auto& facts = world_.facts.at(row.id);
    if (row.payload_json.empty()) row.payload_json = payload_of_lease(claimed.lease, facts.bytes);
    if (facts.poison == Poison::payload_oversize) row.oversize_bytes = 1ULL << 30U;
    // Like the real store, it withholds payloads that won't be sent.
    if (row.oversize_bytes || row.attempt > world_.setting.retry.max_attempts) row.payload_json.clear();
  }
  const auto withheld =
      withhold(claimed.rows, before, world_.setting.batch_bytes, [](const Row& /*row*/) { return Payload::read; });
  if (!withheld.some_did_not_fit) return;
  world_.count(Event::row_over_budget, withheld.ids.size());
  fitting_.did_not_fit(claimed.rows.size());
  claimed.more = true;
  dispatch::Settlement given_back{{}, claimed.lease, {}};
  for (const auto& id : withheld.ids) given_back.outcomes.push_back({id, Verdict::release});
  world_.table.settle(life_.worker(), given_back, world_.now());
}

bool SimStatements::is_ours(const std::string& id, const std::string& lease) const {
  const auto& row = world_.table.row(id);
  return row.locked_by == life_.worker() && row.lease == lease;
}

void SimStatements::write(const dispatch::Settlement& settlement, std::span<const Outcome> part,
                          const SimTable::OutcomeFilter& lost, dispatch::Settled& settled) {
  dispatch::Settlement written{{}, settlement.lease, settlement.lease_ends};
  for (const auto& outcome : part) {
    const auto& refused = world_.facts.at(outcome.id).settlement_refused;
    if (is_refused(refused) && refused.cause.empty() && is_ours(outcome.id, settlement.lease)) {
      settled.refused.push_back(refuse(outcome.id, {"another session holds a lock on it", ""}));
    } else {
      written.outcomes.push_back(outcome);
    }
  }
  const auto ids = world_.settle(life_.worker(), written, lost);
  for (const auto& id : ids) ledger_.outcome_is_written(settlement, id);
  settled.written += ids.size();
}

StoreResult<dispatch::Settled> SimStatements::settle(const dispatch::Settlement& settlement,
                                                     const SimTable::OutcomeFilter& lost, Milliseconds& took) {
  dispatch::Settled settled;
  const std::span all{settlement.outcomes};
  const auto refusal_of_part = [&](std::span<const Outcome> part) {
    auto ids = ids_of(part);
    // A trigger sees only the rows that are written.
    std::erase_if(ids, [&](const std::string& id) { return !is_ours(id, settlement.lease); });
    return refusal_of(ids, &RowFacts::settlement_refused);
  };
  bool whole_failed = false;
  if (!settlement.in_parts) {
    const auto why = refusal_of_part(all);
    if (!why) {
      write(settlement, all, lost, settled);
      return settled;
    }
    whole_failed = is_slow(*why);
    took += whole_failed ? kUsualTimeout : kQuick;
  }
  world_.count(Event::settled_in_parts);
  life_.meets_trouble();
  RefusalSearch search{all.size(), whole_failed};
  const auto now = [&] { return world_.now() + took; };
  search.run(now() + RefusalSearch::kLongest, now, [&](Part part) -> std::optional<Why> {
    const auto outcomes = all.subspan(part.begin, part.size());
    auto why = refusal_of_part(outcomes);
    took += why && is_slow(*why) ? RefusalSearch::kPartTimeout : kQuick;
    if (!why) write(settlement, outcomes, lost, settled);
    return why;
  });
  for (const auto& [index, why] : search.refused()) {
    world_.count(Event::row_refused_at_settlement);
    if (is_slow(why)) world_.count(Event::row_too_slow);
    settled.refused.push_back(refuse(all[index].id, why));
    settled.refusal = "settling: " + why.reason;
  }
  for (const auto& part : search.untried()) {
    world_.count(Event::untried_in_time);
    for (const auto& outcome : all.subspan(part.begin, part.size())) settled.untried.push_back(outcome.id);
  }
  life_.meets_trouble(took);
  if (settled.written == 0 && settled.refused.empty() && !settled.untried.empty()) {
    return StoreError{"the statement timed out"};
  }
  return settled;
}

}  // namespace outboxd::simulation
