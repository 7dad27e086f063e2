// SPDX-License-Identifier: Apache-2.0
#include "dispatch/redis_gate.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace outboxd::dispatch {
namespace {

// A stream that was refused this often has had its turn.
constexpr std::uint32_t kTriesWithOnce = 5;
// The largest number of probes for judging one write.
constexpr std::size_t kMostProbes = 8;
// Each search for other streams that Redis might take may have to step over the backlog of all refused streams.
constexpr std::chrono::seconds kLongestExploring{30};

bool is_outage(const Reply& reply) {
  return is_no_answer(reply) || reply.fault == Fault::redis_unavailable;
}

}  // namespace

RedisGate::RedisGate(const boost::asio::any_io_executor& executor, Shared shared, StreamSink& streams, IdleWait& idle)
    : shared_{shared},
      streams_{streams},
      idle_{idle},
      event_{executor},
      backoff_{shared.options.backoff_min, shared.options.backoff_max},
      blocked_{shared.options.backoff_min, shared.options.backoff_max},
      probe_schedule_{shared.options.backoff_max, kLongestExploring} {}

Awaitable<void> RedisGate::pause(std::chrono::microseconds how_long) {
  co_await shared_.clock.wait(event_, shared_.run.within_once(shared_.clock.now() + how_long));
}

Awaitable<RedisGate::Next> RedisGate::probe() {
  auto& run = shared_.run;
  auto& trouble = shared_.health.trouble();
  const bool refused = !refused_streams_.empty();
  // The first probe is immediate; after a refusal Redis is given time, as it may answer a probe and still refuse
  // entries.
  if (!trouble.redis.empty()) {
    // Where it has refused only some entries, others may still have their turn.
    if (!run.waits_for_outages() && !refused) {
      run.give_up(trouble.redis);
      co_return Next::go_on;
    }
    co_await pause(backoff_.next(shared_.random()));
    if (run.claiming_is_over()) co_return Next::go_on;
  }
  const auto reply = co_await streams_.probe(probe_stream_);
  if (reply.fault == Fault::none) {
    refusals_.served();
    report_answer();
    redis_answers();
    co_return Next::go_on;
  }
  if (reply.fault == Fault::stream_refused) {
    report_answer();
    block(probe_stream_, reply.text);
    redis_answers();
    co_return Next::go_on;
  }
  trouble.redis = reply.text;
  if (is_no_answer(reply)) {
    redis_is_away(reply, probe_stream_);
  } else {
    report_failure(reply);
  }
  if (!is_no_answer(reply) && !probe_stream_.empty()) refused_streams_.insert(probe_stream_);
  const bool others_are_served = !refused_streams_.empty() && co_await others_are_taken();
  if (others_are_served) {
    for (const auto& stream : refused_streams_) block(stream, trouble.redis);
    redis_answers();
    co_return Next::go_on;
  }
  trouble.redis_in_doubt = false;
  shared_.health.report();
  probe_another_next();
  if (refused_streams_.empty() || run.claiming_is_over()) co_return Next::go_on;
  if (run.waits_for_outages() && !probe_schedule_.is_due(shared_.clock.now())) co_return Next::go_on;
  co_return reply.fault == Fault::refused ? Next::explore_all : Next::explore;
}

// The outage may have ended for all streams but the probed one, whose server may be behind a proxy.
void RedisGate::probe_another_next() {
  if (refused_streams_.empty()) return;
  const auto next = refused_streams_.upper_bound(probe_stream_);
  probe_stream_ = next != refused_streams_.end() ? *next : *refused_streams_.begin();
}

Awaitable<bool> RedisGate::others_are_taken() {
  if (good_stream_.empty() || refused_streams_.contains(good_stream_) || shared_.run.claiming_is_over())
    co_return false;
  const auto reply = co_await streams_.probe(good_stream_);
  if (reply.fault == Fault::none) refusals_.served();
  if (is_no_answer(reply)) redis_is_away(reply, good_stream_);
  co_return reply.fault == Fault::none;
}

void RedisGate::report_answer() {
  const auto connections = streams_.connections();
  const bool reconnected = connections_ > 0 && connections > connections_;
  connections_ = connections;
  shared_.observer.server_answered(Server::redis, reconnected);
}

void RedisGate::report_failure(const Reply& reply) {
  outage_ = reply.fault == Fault::redis_login_refused ? reply.fault : Fault::redis_unreachable;
  shared_.observer.server_failed(Server::redis, obstacle_in(reply));
}

void RedisGate::redis_answers() {
  if (breaker_.is_open()) shared_.observer.breaker(false);
  breaker_.close();
  refused_streams_.clear();
  // The reason for their refusals may be over as well.
  blocked_.probe_all(shared_.clock.now());
  shared_.health.trouble().redis.clear();
  shared_.health.report_unless_starting();
}

void RedisGate::shut(const Reply& reply, const std::string& stream, bool in_doubt) {
  report_failure(reply);
  if (!breaker_.is_open()) {
    shared_.observer.breaker(true);
    refused_streams_.clear();
    probe_schedule_.begin(shared_.clock.now(), shared_.random());
  }
  breaker_.open();
  // Probing goes on; commits need not wake the dispatcher meanwhile.
  idle_.end_wait();
  shared_.health.trouble().redis = reply.text;
  shared_.health.trouble().redis_in_doubt = in_doubt;
  probe_stream_ = stream;
  shared_.health.report();
}

void RedisGate::redis_is_away(const Reply& reply, const std::string& stream) {
  shut(reply, stream);
  refused_streams_.clear();
  probe_schedule_.start_over();
}

std::vector<std::string> RedisGate::refused_streams() const {
  auto streams = blocked_.left_out();
  streams.insert(streams.end(), refused_streams_.begin(), refused_streams_.end());
  std::ranges::sort(streams);
  return streams;
}

void RedisGate::end_idle_trials() {
  for (const auto& stream : blocked_.end_idle_trials(shared_.clock.now())) {
    shared_.observer.stream_freed(stream, BlockedStreams::kTrial, blocked_.size());
  }
}

Awaitable<void> RedisGate::probe_stream(const std::string& stream) {
  // The probe of Redis as a whole comes first, as there is one connection.
  if (breaker_.is_open() || shared_.run.claiming_is_over()) {
    blocked_.was_not_probed(stream, shared_.clock.now());
    co_return;
  }
  const auto reply = co_await streams_.probe(stream);
  if (reply.fault == Fault::none) {
    refusals_.served();
    blocked_.put_on_trial(stream, shared_.clock.now());
  } else if (reply.fault == Fault::refused) {
    // This server may answer every probe with unknown words: only an entry shows more.
    co_await others_are_taken();
    const auto now = shared_.clock.now();
    breaker_.is_open() ? blocked_.was_not_probed(stream, now) : blocked_.put_on_trial(stream, now);
  } else if (is_no_answer(reply)) {
    blocked_.was_not_probed(stream, shared_.clock.now());
    redis_is_away(reply, stream);
  } else {
    block(stream, reply.text);
  }
  idle_.end_wait();
}

void RedisGate::block(const std::string& stream, const std::string& reason) {
  const bool is_news = blocked_.refuse(stream, reason, shared_.clock.now(), shared_.random());
  if (is_news) shared_.observer.stream_blocked(stream, reason, blocked_.size());
}

void RedisGate::is_taken(std::string_view stream) {
  if (blocked_.empty()) return;
  const auto since = blocked_.accept(std::string{stream});
  if (since) shared_.observer.stream_freed(stream, shared_.clock.now() - *since, blocked_.size());
}

Awaitable<bool> RedisGate::wait_for_streams() {
  if (!blocked_.any_left_out_before(kTriesWithOnce)) co_return false;
  const auto now = shared_.clock.now();
  const auto until = std::clamp(blocked_.next_at(), now, now + shared_.options.poll_interval);
  co_await pause(std::chrono::ceil<std::chrono::microseconds>(until - now));
  co_return true;
}

Awaitable<bool> RedisGate::judge(std::span<Delivery* const> sent) {
  std::vector<SentEntry> entries;
  entries.reserve(sent.size());
  for (auto* delivery : sent) entries.push_back({delivery->row.id, delivery->row.stream, &*delivery->reply});
  const bool answers = co_await judge_faults(entries);
  if (std::ranges::any_of(entries, [](const SentEntry& entry) { return entry.reply->fault == Fault::none; })) {
    report_answer();
  }
  if (answers) watch_for_outage(entries);
  co_return answers;
}

Awaitable<bool> RedisGate::judge_faults(std::span<const SentEntry> sent) {
  bool answers = true;
  std::map<std::string_view, Reply> probed;
  for (const auto& [id, stream, reply] : refusals_.judge(sent, shared_.clock.now())) {
    auto found = probed.find(stream);
    if (found == probed.end() && probed.size() < kMostProbes) {
      auto answer = co_await streams_.probe(std::string{stream});
      found = probed.emplace(stream, std::move(answer)).first;
    }
    if (found == probed.end() || found->second.fault != Fault::none) reply->fault = Fault::refused;
    if (found == probed.end()) continue;
    const auto& now = found->second;
    if (!is_no_answer(now)) continue;
    redis_is_away(now, std::string{stream});
    answers = false;
  }
  for (const auto& entry : sent) {
    if (entry.reply->fault != Fault::none) continue;
    is_taken(entry.stream);
    if (&entry == &sent.back() || good_stream_.empty()) good_stream_ = entry.stream;
  }
  for (const auto& [id, stream, reply] : sent) {
    if (reply->fault == Fault::stream_refused) block(std::string{stream}, reply->text);
  }
  co_return answers;
}

void RedisGate::watch_for_outage(std::span<const SentEntry> sent) {
  const auto outage = std::ranges::find_if(sent, [](const SentEntry& entry) { return is_outage(*entry.reply); });
  if (outage == sent.end()) {
    backoff_.reset();
    const bool any_taken =
        std::ranges::any_of(sent, [](const SentEntry& entry) { return entry.reply->fault == Fault::none; });
    if (breaker_.is_open() && any_taken) redis_answers();
    return;
  }
  const std::string stream{outage->stream};
  if (std::ranges::any_of(sent, [](const SentEntry& entry) { return is_no_answer(*entry.reply); })) {
    redis_is_away(*outage->reply, stream);
    return;
  }
  const bool may_be_theirs = !breaker_.is_open() || shared_.health.trouble().redis_in_doubt;
  shut(*outage->reply, stream, may_be_theirs);
  for (const auto& entry : sent) {
    const bool refused =
        entry.reply->fault == Fault::redis_unavailable && refused_streams_.size() < BlockedStreams::kMost;
    if (refused) refused_streams_.emplace(entry.stream);
  }
}

}  // namespace outboxd::dispatch
