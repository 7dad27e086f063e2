// SPDX-License-Identifier: Apache-2.0
// The second loop: from a claimed batch to the outcomes of its rows.
#include "dispatch/dispatcher.hpp"

#include <algorithm>
#include <iterator>
#include <span>
#include <utility>

namespace outboxd::dispatch {
namespace {

bool is_outage(const Reply& reply) {
  return reply.fault == Fault::redis_refuses || reply.fault == Fault::redis_away || reply.fault == Fault::unanswered;
}

// How long after an unanswered write retried rows go out one by one: longer than any retry delay.
constexpr std::chrono::minutes kSuspicion{2};

// How long a row of an unanswered write is remembered: several retry delays, as other dispatchers may have it
// meanwhile.
constexpr std::chrono::minutes kMemory{10};

const std::string& id_of(const entry::Entry& entry) {
  return entry.fields.front().value;
}

}  // namespace

Awaitable<void> Dispatcher::publish_loop() {
  while (auto claimed = co_await to_publish_.pop()) {
    auto settlement = co_await publish(std::move(*claimed));
    co_await to_settle_.push(std::move(settlement));
  }
  co_await to_settle_.push_end();
}

Awaitable<Settlement> Dispatcher::publish(ClaimedRows claimed) {
  auto sent_before = take_sent_before(claimed);
  auto prepared = prepare(claimed.rows, parts_.encoder, options_.retry.max_attempts);
  for (const auto& [row, fields] : prepared.reserved_dropped) {
    parts_.observer.reserved_fields_dropped(claimed.rows[row].stream, fields);
  }
  for (const auto& [row, why, dead] : prepared.ambiguous) {
    parts_.observer.ambiguous_entry(claimed.rows[row].id, claimed.rows[row].stream, why, dead);
  }
  for (std::size_t i = 0; i < prepared.entries.size(); ++i) {
    // A row whose only attempt was given back would seem not to have been tried.
    if (unanswered_.contains(id_of(prepared.entries[i]))) prepared.tried_before[i] = true;
  }
  if (!prepared.entries.empty()) {
    auto replies = co_await send(prepared, claimed);
    merge_replies(prepared, std::move(replies));
  }
  auto settlement = decide_all(std::move(claimed), prepared);
  for (auto& [place, outcome] : sent_before) {
    settlement.outcomes.insert(settlement.outcomes.begin() + static_cast<std::ptrdiff_t>(place), std::move(outcome));
  }
  co_return settlement;
}

std::optional<Reply> Dispatcher::obstacle(const ClaimedRows& claimed) const {
  if (past_deadline()) return Reply{Fault::stopping, "the deadline came first"};
  if (breaker_.is_open()) return Reply{Fault::redis_away, trouble_.redis};
  if (parts_.clock.now() + options_.lease_reserve >= claimed.lease_ends) {
    return Reply{Fault::lease_short, "too little was left of the lease"};
  }
  return std::nullopt;
}

Awaitable<std::vector<Reply>> Dispatcher::send(const Prepared& prepared, const ClaimedRows& claimed) {
  const auto started = parts_.clock.now();
  // One of the rows of an unanswered write may be what took the connection down: alone, it harms no neighbour.
  const bool isolate = started < suspicion_ends_;
  std::vector<Reply> replies;
  for (const auto end : ends_of_writes(prepared, isolate)) {
    const auto begin = replies.size();
    if (const auto why = obstacle(claimed)) {
      replies.resize(prepared.entries.size(), *why);
      break;
    }
    auto answered = co_await parts_.publisher.publish(std::span{prepared.entries}.subspan(begin, end - begin),
                                                      claimed.lease_ends - options_.lease_reserve);
    watch_for_outage(answered, prepared, begin);
    std::ranges::move(answered, std::back_inserter(replies));
  }
  if (!breaker_.is_open()) breaker_.succeeded();
  parts_.observer.wrote(replies.size(), parts_.clock.now() - started);
  co_return replies;
}

void Dispatcher::watch_for_outage(std::vector<Reply>& replies, const Prepared& prepared, std::size_t first) {
  const auto entries = std::span{prepared.entries}.subspan(first, replies.size());
  remember_unanswered(replies, entries);
  const auto outage = std::ranges::find_if(replies, is_outage);
  if (outage == replies.end()) {
    ++writes_taken_;
    redis_backoff_.reset();
    return;
  }
  breaker_.open();
  // On with the probes, and nobody need tell of commits meanwhile.
  if (polls_) claim_alarm_.ring();
  trouble_.redis = outage->text;
  probe_stream_ = entries[static_cast<std::size_t>(outage - replies.begin())].stream;
  report_health();
}

void Dispatcher::remember_unanswered(std::vector<Reply>& replies, std::span<const entry::Entry> entries) {
  const auto now = parts_.clock.now();
  std::erase_if(unanswered_, [now](const auto& row) { return now >= row.second.since + kMemory; });
  for (std::size_t i = 0; i < replies.size(); ++i) {
    const auto& id = id_of(entries[i]);
    if (!is_outage(replies[i])) unanswered_.erase(id);
    if (replies[i].fault != Fault::unanswered) continue;
    suspicion_ends_ = now + kSuspicion;
    // Failing again tells something about the row only if Redis took others in between: an outage fails everybody.
    const auto before = unanswered_.find(id);
    const bool others_went_through = before != unanswered_.end() && writes_taken_ > before->second.writes_taken;
    replies[i].singled_out = replies.size() == 1 && others_went_through;
    unanswered_[id] = {now, writes_taken_};
  }
}

Settlement Dispatcher::decide_all(ClaimedRows claimed, const Prepared& prepared) {
  Settlement settlement{{}, std::move(claimed.lease), claimed.lease_ends};
  settlement.outcomes.reserve(claimed.rows.size());
  for (std::size_t i = 0; i < claimed.rows.size(); ++i) {
    const auto& row = claimed.rows[i];
    const auto& reply = *prepared.replies[i];
    if (reply.fault == Fault::short_of_memory) breaker_.claim_failed(static_cast<std::uint32_t>(claimed.rows.size()));
    settlement.outcomes.push_back(decide(row, reply, options_.retry, parts_.random()));
    settlement.outcomes.back().attempt = row.attempt;
    account(row, reply, settlement.outcomes.back());
  }
  return settlement;
}

void Dispatcher::account(const Row& row, const Reply& reply, const Outcome& outcome) {
  if (reply.fault != Fault::none) parts_.observer.failed(row.stream, reply.fault, reply.text);
  switch (outcome.verdict) {
    case Verdict::published:
      ++tally_.published;
      parts_.observer.published(row.stream, 1);
      break;
    case Verdict::retry:
      ++tally_.retried;
      parts_.observer.retried();
      break;
    case Verdict::dead:
      ++tally_.dead;
      parts_.observer.died(row.id, row.stream, outcome.shown);
      break;
    case Verdict::release:
      ++tally_.released;
      if (outcome.delay.count() > 0) ++tally_.released_for_later;
      parts_.observer.released();
      break;
  }
  if (reply.fault == Fault::unanswered) {
    ++tally_.possible_duplicates;
    parts_.observer.possible_duplicate();
  }
}

}  // namespace outboxd::dispatch
