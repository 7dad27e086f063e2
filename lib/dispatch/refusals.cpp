// SPDX-License-Identifier: Apache-2.0
// Rows that the store refuses: whose fault that is, what becomes of them, and what keeps their neighbours going.
#include "dispatch/dispatcher.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace outboxd::dispatch {
namespace {

// Rows that are refused together are tried together, in no more than a tenth of the time.
constexpr std::size_t kMostRetried = 16;
constexpr int kRestToRetry = 9;

// Rows that wait for their outcome to be written; while it isn't known whether any can be, no more are added.
constexpr std::size_t kMostPostponed = 1'000;

constexpr const char* kDueAgain =
    "it was published, and is due again: does a trigger undo its outcome? It is held, and then sent again; a row "
    "that is requeued with attempts = 0 is sent at once";

}  // namespace

std::vector<std::string> Dispatcher::to_retry() {
  const auto now = parts_.clock.now();
  // With `once` each row has one turn.
  if (options_.once || now < next_retry_) return {};
  return held_.quarantine().due(now, kMostRetried);
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
    held_.quarantine().release(id, is_claimed);
    held_.refused_claims().forget(id);
  }
  held_.report();
  if (!claimed->rows.empty()) {
    Work work{std::move(*claimed), false, {}};
    co_await to_publish_.push(std::move(work));
  }
}

Awaitable<bool> Dispatcher::outcomes_are_written() {
  if (!refused_settlements_.all_are_refused()) co_return true;
  // One more batch now and then may show whose fault it is.
  co_await idle_.disarm();
  co_await pause(refused_settlements_.next_pause());
  co_return in_flight_.rows_postponed() < kMostPostponed && !run_.claiming_is_over();
}

Dispatcher::Known Dispatcher::take_sent_before(ClaimedRows& claimed) {
  const auto now = parts_.clock.now();
  Known known;
  std::vector<RefusedRow> held;
  for (std::size_t i = 0; i < claimed.rows.size(); ++i) {
    const auto& row = claimed.rows[i];
    const auto [advice, delay, is_news] = held_.sent().advise(row.id, row.attempt, claimed.claims_count, now);
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
