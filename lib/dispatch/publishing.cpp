// SPDX-License-Identifier: Apache-2.0
// The second loop: from a claimed batch to the outcomes of its rows.
#include "dispatch/dispatcher.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <span>
#include <string_view>
#include <utility>

namespace outboxd::dispatch {
namespace {

// Of one write.
constexpr std::size_t kMostProbes = 8;

bool is_no_answer(const Reply& reply) {
  return reply.fault == Fault::redis_away || reply.fault == Fault::unanswered;
}

bool is_outage(const Reply& reply) {
  return is_no_answer(reply) || reply.fault == Fault::redis_refuses;
}

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

const std::string& id_of(const entry::Entry& entry) {
  return entry.fields.front().value;
}

}  // namespace

Awaitable<void> Dispatcher::publish_loop() {
  while (auto work = co_await to_publish_.pop()) {
    if (!work->probe.empty()) {
      co_await probe_stream(work->probe);
      continue;
    }
    auto settlement = co_await publish(std::move(*work));
    co_await to_settle_.push(std::move(settlement));
  }
  co_await to_settle_.push_end();
}

Awaitable<Settlement> Dispatcher::publish(Work work) {
  auto& claimed = work.claimed;
  auto sent_before = take_sent_before(claimed);
  auto prepared = prepare(claimed.rows, parts_.encoder, options_.retry.max_attempts);
  for (const auto& [row, fields] : prepared.reserved_dropped) {
    observer_.reserved_fields_dropped(claimed.rows[row].stream, fields);
  }
  for (const auto& [row, why, dead] : prepared.ambiguous) {
    observer_.ambiguous_entry(claimed.rows[row].id, claimed.rows[row].stream, why, dead);
  }
  hold_back(prepared, claimed.rows);
  for (std::size_t i = 0; i < prepared.entries.size(); ++i) {
    // A row whose only attempt was given back would seem not to have been tried.
    if (refusals_.was_unanswered(id_of(prepared.entries[i]))) prepared.tried_before[i] = true;
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

std::optional<Reply> Dispatcher::obstacle(const Work& work, bool explores) const {
  if (run_.past_deadline()) return Reply{Fault::stopping, "the deadline came first"};
  if (breaker_.is_open() && !explores) return Reply{Fault::redis_away, trouble_.redis};
  const auto& claimed = work.claimed;
  if (parts_.clock.now() >= claimed.room.send_by(options_.lease_reserve)) {
    const auto now = parts_.clock.now();
    return Reply{Fault::lease_short, lease_text(claimed, now, trouble_.was_away_since(claimed.room.asked))};
  }
  return std::nullopt;
}

Awaitable<std::vector<Reply>> Dispatcher::send(const Prepared& prepared, const Work& work) {
  const auto started = parts_.clock.now();
  bool explores = work.explores;
  std::vector<Reply> replies;
  for (const auto end : ends_of_writes(prepared, refusals_.isolates(started))) {
    const auto begin = replies.size();
    if (const auto why = obstacle(work, explores)) {
      replies.resize(prepared.entries.size(), *why);
      break;
    }
    const auto entries = std::span{prepared.entries}.subspan(begin, end - begin);
    const auto& claimed = work.claimed;
    auto answered = co_await parts_.streams.publish(entries, claimed.room.send_by(options_.lease_reserve));
    const bool answers = co_await judge(answered, entries);
    if (answers) watch_for_outage(answered, entries);
    explores = explores && answers && std::ranges::none_of(answered, is_no_answer);
    std::ranges::move(answered, std::back_inserter(replies));
  }
  const bool any_taken = std::ranges::any_of(replies, [](const Reply& reply) { return reply.fault == Fault::none; });
  if (any_taken && !breaker_.is_open()) breaker_.succeeded();
  observer_.wrote(replies.size(), parts_.clock.now() - started);
  co_return replies;
}

Awaitable<bool> Dispatcher::judge(std::vector<Reply>& replies, std::span<const entry::Entry> entries) {
  std::vector<SentEntry> sent;
  sent.reserve(entries.size());
  for (const auto& entry : entries) sent.push_back({id_of(entry), entry.stream});
  bool answers = true;
  std::map<std::string, Reply> probed;
  for (const auto index : refusals_.judge(replies, sent, parts_.clock.now())) {
    const auto& stream = entries[index].stream;
    auto found = probed.find(stream);
    if (found == probed.end() && probed.size() < kMostProbes) {
      auto answer = co_await parts_.streams.probe(stream);
      found = probed.emplace(stream, std::move(answer)).first;
    }
    if (found == probed.end() || found->second.fault != Fault::none) replies[index].fault = Fault::refused;
    if (found == probed.end()) continue;
    const auto& now = found->second;
    if (now.fault != Fault::redis_away && now.fault != Fault::unanswered) continue;
    redis_is_away(now.text, stream);
    answers = false;
  }
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (replies[i].fault != Fault::none) continue;
    is_taken(entries[i].stream);
    if (i + 1 == entries.size() || good_stream_.empty()) good_stream_ = entries[i].stream;
  }
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (replies[i].fault == Fault::stream_refused) block(entries[i].stream, replies[i].text);
  }
  co_return answers;
}

void Dispatcher::watch_for_outage(const std::vector<Reply>& replies, std::span<const entry::Entry> entries) {
  const auto outage = std::ranges::find_if(replies, is_outage);
  if (outage == replies.end()) {
    redis_backoff_.reset();
    const bool any_taken =
        std::ranges::any_of(replies, [](const Reply& reply) { return reply.fault == Fault::none; });
    if (breaker_.is_open() && any_taken) redis_answers();
    return;
  }
  const auto& stream = entries[static_cast<std::size_t>(outage - replies.begin())].stream;
  if (std::ranges::any_of(replies, is_no_answer)) {
    redis_is_away(outage->text, stream);
    return;
  }
  const bool may_be_theirs = !breaker_.is_open() || trouble_.redis_in_doubt;
  stay_back(outage->text, stream, may_be_theirs);
  for (std::size_t i = 0; i < replies.size(); ++i) {
    const bool refused = replies[i].fault == Fault::redis_refuses && refused_streams_.size() < BlockedStreams::kMost;
    if (refused) refused_streams_.insert(entries[i].stream);
  }
}

void Dispatcher::hold_back(Prepared& prepared, const std::vector<Row>& rows) const {
  if (blocked_.empty()) return;
  std::map<std::string_view, std::size_t> tried;
  std::size_t entry = 0;
  std::size_t kept = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (prepared.replies[i]) continue;
    const auto allowed = blocked_.entries_allowed(rows[i].stream);
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

Settlement Dispatcher::decide_all(ClaimedRows claimed, const Prepared& prepared) {
  Settlement settlement{{}, std::move(claimed.lease), claimed.lease_ends};
  settlement.outcomes.reserve(claimed.rows.size());
  const auto was_short = [](const auto& reply) { return reply->fault == Fault::lease_short; };
  // What an outage of the store has used up says nothing of how many rows a lease suffices for.
  if (std::ranges::any_of(prepared.replies, was_short) && !trouble_.was_away_since(claimed.room.asked)) {
    batch_.lease_was_short(static_cast<std::uint32_t>(claimed.rows.size()));
  }
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
  // An empty name is that of a row that can't be read.
  const auto stream = row.stream.empty() ? std::string_view{"(empty)"} : row.stream;
  if (reply.fault != Fault::none) observer_.failed(stream, reply.fault, reply.text);
  switch (outcome.verdict) {
    case Verdict::published:
      observer_.published(row.stream, 1);
      break;
    case Verdict::retry:
      observer_.retried();
      break;
    case Verdict::dead:
      observer_.died(row.id, stream, reply.fault, outcome.shown);
      break;
    case Verdict::release:
      observer_.released(outcome.delay.count() > 0);
      break;
  }
  if (reply.fault == Fault::unanswered) observer_.possible_duplicate();
}

}  // namespace outboxd::dispatch
