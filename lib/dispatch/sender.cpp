// SPDX-License-Identifier: Apache-2.0
#include "dispatch/sender.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <span>
#include <string_view>
#include <utility>

namespace outboxd::dispatch {
namespace {

std::string lease_text(const ClaimedRows& claimed, TimePoint now, bool was_away) {
  const auto millis = [](TimePoint::duration time) {
    return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(time).count()) + " ms";
  };
  const auto& room = claimed.room;
  return "of a lease of " + millis(room.ends - room.asked) + " the claim of " + std::to_string(claimed.rows.size()) +
         " row(s) took " + millis(room.arrived - room.asked) + ", and they waited " + millis(now - room.arrived) +
         " to be sent" +
         (was_away ? ", as Postgres was away meanwhile: they are claimed again"
                   : "; claims take fewer rows: raise dispatcher.lease, or look for what makes claims or Redis slow");
}

/// The rows of a batch that have entries, in the order of these: the rows that have no reply yet.
std::vector<SentEntry> rows_to_send(const std::vector<Row>& rows, const Prepared& prepared) {
  std::vector<SentEntry> to_send;
  to_send.reserve(prepared.entries.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (!prepared.replies[i]) to_send.push_back({rows[i].id, rows[i].stream});
  }
  return to_send;
}

constexpr const char* kDueAgain =
    "it was published, and is due again: does a trigger undo its outcome? It is held, and then sent again; a row "
    "that is requeued with attempts = 0 is sent at once";

}  // namespace

Awaitable<void> Sender::run() {
  while (auto work = co_await queues_.work.pop()) {
    if (!work->probe.empty()) {
      co_await gate_.probe_stream(work->probe);
      continue;
    }
    auto settlement = co_await publish(std::move(*work));
    co_await queues_.settlements.push(std::move(settlement));
  }
  co_await queues_.settlements.push_end();
}

Awaitable<Settlement> Sender::publish(Work work) {
  auto& claimed = work.claimed;
  auto sent_before = take_sent_before(claimed);
  auto prepared = prepare(claimed.rows, encoder_, shared_.options.retry.max_attempts);
  for (const auto& [row, fields] : prepared.reserved_dropped) {
    shared_.observer.reserved_fields_dropped(claimed.rows[row].stream, fields);
  }
  for (const auto& [row, why, dead] : prepared.ambiguous) {
    shared_.observer.ambiguous_entry(claimed.rows[row].id, claimed.rows[row].stream, why, dead);
  }
  hold_back(prepared, claimed.rows);
  std::size_t entry = 0;
  for (std::size_t i = 0; i < claimed.rows.size(); ++i) {
    if (prepared.replies[i]) continue;
    // A row whose only attempt was given back would seem not to have been tried.
    if (gate_.refusals().was_unanswered(claimed.rows[i].id)) prepared.tried_before[entry] = true;
    ++entry;
  }
  if (!prepared.entries.empty()) {
    auto replies = co_await send(prepared, work);
    merge_replies(prepared, std::move(replies));
  }
  auto settlement = decide_all(std::move(claimed), prepared);
  for (auto& [place, outcome] : sent_before) {
    settlement.outcomes.insert(settlement.outcomes.begin() + static_cast<std::ptrdiff_t>(place), std::move(outcome));
  }
  co_return settlement;
}

std::optional<Reply> Sender::obstacle(const Work& work, bool explores) const {
  if (shared_.run.past_deadline()) return Reply{Fault::stopping, "the deadline came first"};
  if (gate_.is_shut() && !explores) return Reply{Fault::redis_away, shared_.health.trouble().redis};
  const auto& claimed = work.claimed;
  if (shared_.clock.now() >= claimed.room.send_by(shared_.options.lease_reserve)) {
    const auto now = shared_.clock.now();
    return Reply{Fault::lease_short,
                 lease_text(claimed, now, shared_.health.trouble().was_away_since(claimed.room.asked))};
  }
  return std::nullopt;
}

Awaitable<std::vector<Reply>> Sender::send(const Prepared& prepared, const Work& work) {
  const auto started = shared_.clock.now();
  bool explores = work.explores;
  const auto to_send = rows_to_send(work.claimed.rows, prepared);
  std::vector<Reply> replies;
  for (const auto end : ends_of_writes(prepared, gate_.refusals().isolates(started))) {
    const auto begin = replies.size();
    if (const auto why = obstacle(work, explores)) {
      replies.resize(prepared.entries.size(), *why);
      break;
    }
    const auto entries = std::span{prepared.entries}.subspan(begin, end - begin);
    const auto& claimed = work.claimed;
    auto answered = co_await streams_.publish(entries, claimed.room.send_by(shared_.options.lease_reserve));
    const auto sent = std::span{to_send}.subspan(begin, end - begin);
    const bool answers = co_await gate_.judge(answered, sent);
    explores = explores && answers && std::ranges::none_of(answered, is_no_answer);
    std::ranges::move(answered, std::back_inserter(replies));
  }
  const bool any_taken = std::ranges::any_of(replies, [](const Reply& reply) { return reply.fault == Fault::none; });
  if (any_taken && !gate_.is_shut()) gate_.breaker().succeeded();
  shared_.observer.wrote(replies.size(), shared_.clock.now() - started);
  co_return replies;
}

void Sender::hold_back(Prepared& prepared, const std::vector<Row>& rows) const {
  const auto& blocked = gate_.blocked();
  if (blocked.empty()) return;
  std::map<std::string_view, std::size_t> tried;
  std::size_t entry = 0;
  std::size_t kept = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (prepared.replies[i]) continue;
    const auto allowed = blocked.entries_allowed(rows[i].stream);
    if (allowed && tried[rows[i].stream]++ >= *allowed) {
      prepared.replies[i] = Reply{Fault::stream_blocked, "Redis refuses its stream"};
    } else {
      if (kept != entry) prepared.entries[kept] = std::move(prepared.entries[entry]);
      prepared.tried_before[kept++] = prepared.tried_before[entry];
    }
    ++entry;
  }
  prepared.entries.resize(kept);
  prepared.tried_before.resize(kept);
}

Settlement Sender::decide_all(ClaimedRows claimed, const Prepared& prepared) {
  Settlement settlement{{}, std::move(claimed.lease), claimed.lease_ends};
  settlement.outcomes.reserve(claimed.rows.size());
  const auto was_short = [](const auto& reply) { return reply->fault == Fault::lease_short; };
  // What an outage of the store has used up says nothing of how many rows a lease suffices for.
  if (std::ranges::any_of(prepared.replies, was_short) &&
      !shared_.health.trouble().was_away_since(claimed.room.asked)) {
    size_.batch.lease_was_short(static_cast<std::uint32_t>(claimed.rows.size()));
  }
  for (std::size_t i = 0; i < claimed.rows.size(); ++i) {
    const auto& row = claimed.rows[i];
    const auto& reply = *prepared.replies[i];
    if (reply.fault == Fault::short_of_memory)
      gate_.breaker().claim_failed(static_cast<std::uint32_t>(claimed.rows.size()));
    settlement.outcomes.push_back(decide(row, reply, shared_.options.retry, shared_.random()));
    settlement.outcomes.back().attempt = row.attempt;
    account(row, reply, settlement.outcomes.back());
  }
  return settlement;
}

void Sender::account(const Row& row, const Reply& reply, const Outcome& outcome) {
  // An empty name is that of a row that can't be read.
  const auto stream = row.stream.empty() ? std::string_view{"(empty)"} : row.stream;
  if (reply.fault != Fault::none) shared_.observer.failed(stream, reply.fault, reply.text);
  switch (outcome.verdict) {
    case Verdict::published:
      shared_.observer.published(row.stream, 1);
      break;
    case Verdict::retry:
      shared_.observer.retried();
      break;
    case Verdict::dead:
      shared_.observer.died(row.id, stream, reply.fault, outcome.shown);
      break;
    case Verdict::release:
      shared_.observer.released(outcome.delay.count() > 0);
      break;
  }
  if (reply.fault == Fault::unanswered) shared_.observer.possible_duplicate();
}

Sender::Known Sender::take_sent_before(ClaimedRows& claimed) {
  const auto now = shared_.clock.now();
  Known known;
  std::vector<RefusedRow> held;
  for (std::size_t i = 0; i < claimed.rows.size(); ++i) {
    const auto& row = claimed.rows[i];
    const auto [advice, delay, is_news] = held_.sent().advise(row.id, row.attempt, claimed.claims_count, now);
    if (advice == SentRows::Advice::send) continue;
    Outcome outcome{.id = row.id, .verdict = Verdict::published, .attempt = row.attempt};
    if (advice == SentRows::Advice::only_mark) {
      shared_.observer.published(row.stream, 1);
    } else {
      outcome = {row.id, Verdict::release, std::chrono::ceil<std::chrono::microseconds>(delay), kDueAgain};
      shared_.observer.released(true);
      if (is_news) held.push_back({row.id, outcome.error, false, "undone"});
    }
    known.emplace_back(i, std::move(outcome));
  }
  if (!held.empty()) shared_.observer.refused_by_store(held);
  for (auto place = known.rbegin(); place != known.rend(); ++place) {
    claimed.rows.erase(claimed.rows.begin() + static_cast<std::ptrdiff_t>(place->first));
  }
  return known;
}

}  // namespace outboxd::dispatch
