// SPDX-License-Identifier: Apache-2.0
// Rows that the store refuses: whose fault that is, what becomes of them, and what keeps their neighbours going.
#include "dispatch/dispatcher.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace outboxd::dispatch {
namespace {

// So long everything may be refused before people are told: most often a neighbour has shown by then that the table
// takes writes.
constexpr std::chrono::seconds kGrace{1};

// Rows that are refused together are tried together, in no more than a tenth of the time.
constexpr std::size_t kMostRetried = 16;
constexpr int kRestToRetry = 9;

// Rows that wait for their outcome to be written; while it isn't known whether any can be, no more are added.
constexpr std::size_t kMostPostponed = 1'000;

// Beyond the longest pause between two tries: whatever was refused then is gone.
constexpr std::chrono::minutes kForgotten{10};

constexpr const char* kDueAgain =
    "it was published, and is due again: does a trigger undo its outcome? It is held, and then sent again; a row "
    "that "
    "is requeued with attempts = 0 is sent at once";

}  // namespace

bool Dispatcher::judge_claim(ClaimedRows& claimed, Scope scope, std::uint32_t limit) {
  const auto now = parts_.clock.now();
  const auto written = claimed.rows.size();
  // Rows of blocked streams are due as well, and no sample tells them from others.
  const bool open_to_all = scope != Scope::named_rows;
  if (scope == Scope::all || (open_to_all && written > 0)) starvation_.claimed(written);
  if (!claimed.refusal.empty()) claims_refused_.reason = claimed.refusal;
  const bool tried_all = open_to_all && !claimed.more && written + claimed.refused.size() < limit;
  const bool none_refused = claimed.refused.empty();
  auto judged = refused_claims_.judge(std::exchange(claimed.refused, {}), written, tried_all, now);
  for (const auto& row : judged.own) quarantine_.add(row, now);
  claimed.refused = std::move(judged.own);
  report_held_up();
  // More of them than can be left out would come again and again.
  const bool in_the_way = open_to_all && written == 0 && std::ranges::any_of(claimed.refused, [&](const auto& row) {
                            return !row.dead && !quarantine_.holds(row.id);
                          });
  if (judged.whose == RefusalJudgement::Whose::rows_own && !in_the_way) {
    // Rows that were set apart and are refused again show nothing; nor does it that nothing else is refused, where
    // nothing else was tried.
    if (written > 0 || (open_to_all && !claimed.refused.empty()) || (none_refused && tried_all)) {
      claims_refused_ = {};
      trouble_.claim.clear();
    }
    return true;
  }
  if (!claims_refused_.since) claims_refused_.since = now;
  const bool told = now - *claims_refused_.since >= kGrace;
  const bool everybodys = in_the_way || judged.whose == RefusalJudgement::Whose::everybodys;
  if (told || (everybodys && !run_.waits_for_outages())) {
    trouble_.claim = claims_refused_.reason;
    trouble_.claims_refused = true;
    health_.report();
  }
  if (everybodys) return false;
  // On with the rows behind these.
  claimed.more = true;
  return true;
}

std::vector<std::string> Dispatcher::left_out() const {
  auto ids = quarantine_.ids();
  for (const auto& [id, row] : refused_claims_.undecided()) ids.push_back(id);
  std::ranges::move(sent_.left_out(parts_.clock.now()), std::back_inserter(ids));
  return ids;
}

std::vector<std::string> Dispatcher::to_retry() {
  const auto now = parts_.clock.now();
  // With `once` each row has one turn.
  if (options_.once || now < next_retry_) return {};
  return quarantine_.due(now, kMostRetried);
}

Awaitable<void> Dispatcher::retry_refused(std::vector<std::string> ids) {
  const auto began = parts_.clock.now();
  ClaimRequest request{static_cast<std::uint32_t>(ids.size()), run_.due_by(), ids, {}};
  auto claimed = co_await claim(std::move(request));
  const auto now = parts_.clock.now();
  next_retry_ = now + kRestToRetry * (now - began);
  if (!claimed) co_return;
  for (const auto& id : ids) {
    if (std::ranges::find(claimed->refused, id, &RefusedRow::id) != claimed->refused.end()) continue;
    const bool is_claimed = std::ranges::find(claimed->rows, id, &Row::id) != claimed->rows.end();
    // What is neither is no longer due, or there was no time for it.
    if (!is_claimed && claimed->more) continue;
    quarantine_.release(id, is_claimed);
    refused_claims_.forget(id);
  }
  report_held_up();
  if (!claimed->rows.empty()) {
    Work work{std::move(*claimed), false, {}};
    co_await to_publish_.push(std::move(work));
  }
}

Awaitable<bool> Dispatcher::outcomes_are_written() {
  if (!settlements_refused_.since) co_return true;
  // One more batch now and then may show whose fault it is.
  co_await idle_.disarm();
  co_await pause(refused_backoff_.next(parts_.random()));
  co_return in_flight_.rows_postponed() < kMostPostponed && !run_.claiming_is_over();
}

void Dispatcher::watch_for_starvation(const BacklogSample& sample) {
  const auto now = parts_.clock.now();
  if (settlements_refused_.since && now - settlements_refused_.last > kForgotten) {
    settlements_refused_ = {};
    trouble_.settle.clear();
  }
  // Where only locked ones are due, there is nothing that could go out: they have a note of their own.
  const bool starving = starvation_.sampled(sample.due, left_out().size() + sample.locked.rows);
  trouble_.starving.clear();
  if (starving) {
    trouble_.starving =
        "rows are due, but claims come back empty, and no other dispatcher takes them: end the "
        "transactions that hold locks on them";
    trouble_.starving += sample.locked.who.empty() ? ", and look at the table's triggers and policies"
                                                   : " (" + sample.locked.who + ")";
  }
  health_.report_unless_starting();
}

void Dispatcher::judge_settlement(Unsettled& unsettled, const Settled& settled) {
  const auto now = parts_.clock.now();
  auto refused = settled.refused;
  std::ranges::copy(settled.undone, std::back_inserter(refused));
  if (!settled.refusal.empty()) settlements_refused_.reason = settled.refusal;
  if (settled.written > 0) {
    // It shows that the table can be written, also to those who claim.
    refused_claims_.wrote(now);
    refused_settlements_.wrote(now);
    settlements_refused_ = {};
    refused_backoff_.reset();
    trouble_.settle.clear();
  }
  if (refused.empty()) return;
  auto judged = refused_settlements_.judge(std::move(refused), settled.written, true, now);
  std::erase_if(judged.own, [&](const RefusedRow& row) { return !unsettled.told.insert(row.id).second; });
  if (!judged.own.empty()) observer_.refused_by_store(judged.own);
  if (judged.whose == RefusalJudgement::Whose::rows_own) return;
  settlements_refused_.last = now;
  if (!settlements_refused_.since) settlements_refused_.since = now;
  if (now - *settlements_refused_.since < kGrace) return;
  trouble_.settle = settlements_refused_.reason;
  trouble_.settles_refused = true;
}

void Dispatcher::remember_sent(const Settlement& settlement, const Settled& settled, std::size_t leases_lost) {
  const auto now = parts_.clock.now();
  // Where nothing was written, an earlier try has done it, or the leases were lost; where some were lost, it isn't
  // known which. What was remembered of rows that were sent, and may not be marked, stands.
  const bool in_doubt = leases_lost > 0 || settled.written + settled.undone.size() == 0;
  std::set<std::string_view> unwritten;
  for (const auto& row : settled.refused) unwritten.insert(row.id);
  for (const auto& id : settled.untried) unwritten.insert(id);
  for (const auto& row : settled.undone) unwritten.insert(row.id);
  for (const auto& outcome : settlement.outcomes) {
    if (outcome.verdict != Verdict::published || unwritten.contains(outcome.id)) continue;
    if (!in_doubt) sent_.settled(outcome.id, outcome.attempt, now);
  }
  for (const auto& row : settled.undone) {
    const auto outcome = std::ranges::find(settlement.outcomes, row.id, &Outcome::id);
    if (outcome != settlement.outcomes.end() && outcome->verdict == Verdict::published) {
      sent_.unsettled(row.id, outcome->attempt, now);
    } else {
      quarantine_.add(row, now);
    }
  }
  report_held_up();
}

void Dispatcher::store_was_away() {
  trouble_.away_at = parts_.clock.now();
  sent_.store_was_away(*trouble_.away_at);
}

void Dispatcher::report_held_up() {
  const auto rows = quarantine_.size() + in_flight_.rows_postponed();
  if (std::exchange(told_held_up_, rows) != rows) observer_.held_up(rows);
}

void Dispatcher::remember_unsettled(const Settlement& settlement) {
  const auto now = parts_.clock.now();
  for (const auto& outcome : settlement.outcomes) {
    if (outcome.verdict == Verdict::published) sent_.unsettled(outcome.id, outcome.attempt, now);
  }
}

Dispatcher::Known Dispatcher::take_sent_before(ClaimedRows& claimed) {
  const auto now = parts_.clock.now();
  Known known;
  std::vector<RefusedRow> held;
  for (std::size_t i = 0; i < claimed.rows.size(); ++i) {
    const auto& row = claimed.rows[i];
    const auto [advice, delay, is_news] = sent_.advise(row.id, row.attempt, claimed.claims_count, now);
    if (advice == SentRows::Advice::send) continue;
    Outcome outcome{.id = row.id, .verdict = Verdict::published, .attempt = row.attempt};
    if (advice == SentRows::Advice::only_mark) {
      observer_.published(row.stream, 1);
    } else {
      outcome = {row.id, Verdict::release, std::chrono::ceil<std::chrono::microseconds>(delay), kDueAgain};
      observer_.released(true);
      if (is_news) held.push_back({row.id, outcome.error, false, "undone"});
    }
    known.emplace_back(i, std::move(outcome));
  }
  if (!held.empty()) observer_.refused_by_store(held);
  for (auto place = known.rbegin(); place != known.rend(); ++place) {
    claimed.rows.erase(claimed.rows.begin() + static_cast<std::ptrdiff_t>(place->first));
  }
  return known;
}

}  // namespace outboxd::dispatch
