// SPDX-License-Identifier: Apache-2.0
#include "dispatch/sender.hpp"

#include "dispatch/prepare.hpp"

#include <algorithm>
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
  return "of a lease of " + millis(room.ends - room.asked) + " the claim of " + std::to_string(claimed.room.rows) +
         " row(s) took " + millis(room.arrived - room.asked) + ", and they waited " + millis(now - room.arrived) +
         " to be sent" +
         (was_away ? ", as Postgres was unreachable meanwhile: they are claimed again"
                   : "; claims take fewer rows: raise dispatcher.lease, or look for what makes claims or Redis slow");
}

std::vector<Delivery> batch_of(std::vector<Row> rows) {
  std::vector<Delivery> batch;
  batch.reserve(rows.size());
  for (auto& row : rows) batch.push_back({std::move(row)});
  return batch;
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
  auto batch = batch_of(std::exchange(work.claimed.rows, {}));
  decide_sent_before(batch, work.claimed.claims_count);
  prepare(batch, encoder_, shared_.options.retry.max_attempts, shared_.observer);
  hold_back(batch);
  std::vector<Delivery*> to_send;
  to_send.reserve(batch.size());
  for (auto& delivery : batch) {
    if (!delivery.is_to_be_sent()) continue;
    // A row whose only attempt was given back would seem never to have been tried.
    if (gate_.refusals().was_unanswered(delivery.row.id)) delivery.was_tried_before = true;
    to_send.push_back(&delivery);
  }
  if (!to_send.empty()) co_await send(to_send, work);
  co_return settlement_of(batch, std::move(work.claimed));
}

std::optional<Reply> Sender::obstacle(const ClaimedRows& claimed, bool explores) const {
  if (shared_.run.past_deadline()) return Reply{Fault::stopping, "the deadline came first"};
  if (gate_.is_shut() && !explores) return Reply{gate_.fault_of_outage(), shared_.health.trouble().redis};
  const auto now = shared_.clock.now();
  if (now < claimed.room.send_by(shared_.options.lease_reserve)) return std::nullopt;
  return Reply{Fault::lease_expiring,
               lease_text(claimed, now, shared_.health.trouble().was_away_since(claimed.room.asked))};
}

Awaitable<void> Sender::send(std::span<Delivery* const> to_send, const Work& work) {
  const auto started = shared_.clock.now();
  const auto not_after = work.claimed.room.send_by(shared_.options.lease_reserve);
  bool explores = work.explores;
  std::optional<Reply> why;
  bool any_taken = false;
  for (const auto write : writes_of(to_send, gate_.refusals().isolates(started))) {
    if (!why) why = obstacle(work.claimed, explores);
    if (why) {
      for (auto* delivery : write) delivery->reply = why;
      continue;
    }
    co_await streams_.publish(write, not_after);
    const auto replied = shared_.clock.now() - work.claimed.room.asked;
    const bool answers = co_await gate_.judge(write);
    for (const auto* delivery : write) {
      if (is_no_answer(*delivery->reply)) explores = false;
      if (delivery->reply->fault == Fault::none) any_taken = true;
    }
    explores = explores && answers;
    report_latencies(write, replied);
  }
  if (any_taken && !gate_.is_shut()) gate_.breaker().succeeded();
  shared_.observer.wrote(to_send.size(), shared_.clock.now() - started);
}

void Sender::report_latencies(std::span<Delivery* const> sent, std::chrono::nanoseconds since_claim) {
  latencies_.clear();
  bool any_taken = false;
  for (const auto* delivery : sent) {
    if (delivery->reply->fault != Fault::none) continue;
    any_taken = true;
    if (delivery->row.waited) latencies_.push_back(*delivery->row.waited + since_claim);
  }
  if (any_taken) shared_.observer.reached_streams(latencies_);
}

void Sender::hold_back(std::span<Delivery> batch) const {
  const auto& blocked = gate_.blocked();
  if (blocked.empty()) return;
  std::map<std::string_view, std::size_t> tried;
  for (auto& delivery : batch) {
    if (!delivery.is_to_be_sent()) continue;
    const auto& stream = delivery.row.stream;
    const auto allowed = blocked.entries_allowed(stream);
    if (allowed && tried[stream]++ >= *allowed) {
      delivery.reply = Reply{Fault::stream_blocked, "Redis refuses its stream"};
    }
  }
}

Settlement Sender::settlement_of(std::span<Delivery> batch, ClaimedRows claimed) {
  const bool was_short = std::ranges::any_of(batch, [](const Delivery& delivery) {
    return delivery.reply && delivery.reply->fault == Fault::lease_expiring;
  });
  // A lease that an outage of the store has used up does not show for how many rows a lease suffices.
  if (was_short && !shared_.health.trouble().was_away_since(claimed.room.asked)) {
    size_.batch.lease_was_short(static_cast<std::uint32_t>(claimed.room.rows));
  }
  Settlement settlement{{}, std::move(claimed.lease), claimed.lease_ends};
  settlement.outcomes.reserve(batch.size());
  std::string_view stream;
  std::size_t published = 0;
  const auto report_published = [&] {
    if (published > 0) shared_.observer.published(stream, published);
    published = 0;
  };
  for (auto& delivery : batch) {
    if (!delivery.outcome) {
      decide_by_reply(delivery, claimed);
      // Most rows have the stream of the row before.
      if (delivery.row.stream != stream) report_published();
      stream = delivery.row.stream;
      if (delivery.outcome->verdict == Verdict::published) ++published;
    }
    settlement.outcomes.push_back(std::move(*delivery.outcome));
  }
  report_published();
  return settlement;
}

void Sender::decide_by_reply(Delivery& delivery, const ClaimedRows& claimed) {
  const auto& [row, entry, was_tried_before, reply, outcome] = delivery;
  if (reply->fault == Fault::out_of_memory) {
    gate_.breaker().claim_failed(static_cast<std::uint32_t>(claimed.room.rows));
  }
  delivery.outcome = decide(row, *reply, shared_.options.retry, shared_.random());
  delivery.outcome->attempt = row.attempt;
  account(row, *reply, *outcome);
}

void Sender::account(const Row& row, const Reply& reply, const Outcome& outcome) {
  // A row with an empty name can't be read.
  const auto stream = row.stream.empty() ? std::string_view{"(empty)"} : row.stream;
  if (reply.fault != Fault::none) shared_.observer.failed(stream, reply.fault, reply.text);
  switch (outcome.verdict) {
    case Verdict::published:
      break;
    case Verdict::retry:
      shared_.observer.retried(stream, reply.fault);
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

void Sender::decide_sent_before(std::span<Delivery> batch, bool claims_count) {
  const auto now = shared_.clock.now();
  std::vector<RefusedRow> held;
  for (auto& [row, entry, was_tried_before, reply, outcome] : batch) {
    const auto [advice, delay, is_news] = held_.sent().advise(row.id, row.attempt, claims_count, now);
    if (advice == SentRows::Advice::send) continue;
    if (advice == SentRows::Advice::only_mark) {
      outcome = Outcome{.id = row.id, .verdict = Verdict::published, .attempt = row.attempt};
      shared_.observer.published(row.stream, 1);
      continue;
    }
    outcome = Outcome{row.id, Verdict::release, std::chrono::ceil<std::chrono::microseconds>(delay), kDueAgain};
    shared_.observer.released(true);
    if (is_news) held.push_back({row.id, outcome->error, false, "undone"});
  }
  if (!held.empty()) shared_.observer.refused_by_store(held);
}

}  // namespace outboxd::dispatch
