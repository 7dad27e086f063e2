// SPDX-License-Identifier: Apache-2.0
// What is refused: by Redis as a whole, and by streams of it. How to find out when that is over, and when it is not
// everybody's.
#include "dispatch/dispatcher.hpp"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

namespace outboxd::dispatch {
namespace {

// With no time to wait for anything.
constexpr int kExplorationsWithOnce = 10;
// A stream that is refused so often has had its turn.
constexpr std::uint32_t kTriesWithOnce = 5;
constexpr std::size_t kProbesAtOnce = 4;

}  // namespace

Awaitable<void> Dispatcher::probe() {
  const bool refused = !refused_streams_.empty();
  // The first probe is at once; after a refusal Redis is given time, as it may answer a probe and still refuse
  // entries.
  if (!trouble_.redis.empty()) {
    // Where it has refused but some entries, others may yet have their turn.
    if (!run_.waits_for_outages() && !refused) {
      run_.give_up(trouble_.redis);
      co_return;
    }
    co_await pause(redis_backoff_.next(parts_.random()));
    if (run_.claiming_is_over()) co_return;
  }
  const auto reply = co_await parts_.streams.probe(probe_stream_);
  if (reply.fault == Fault::none) {
    refusals_.served();
    redis_answers();
    co_return;
  }
  if (reply.fault == Fault::stream_refused) {
    block(probe_stream_, reply.text);
    redis_answers();
    co_return;
  }
  trouble_.redis = reply.text;
  const bool is_answer = reply.fault != Fault::redis_away && reply.fault != Fault::unanswered;
  if (!is_answer) redis_is_away(reply.text, probe_stream_);
  if (is_answer && !probe_stream_.empty()) refused_streams_.insert(probe_stream_);
  const bool others_are_served = !refused_streams_.empty() && co_await others_are_taken();
  if (others_are_served) {
    for (const auto& stream : refused_streams_) block(stream, trouble_.redis);
    redis_answers();
    co_return;
  }
  trouble_.redis_in_doubt = false;
  health_.report();
  if (refused_streams_.empty()) co_return;
  if (run_.claiming_is_over() || (run_.waits_for_outages() && !exploration_.is_due(parts_.clock.now()))) co_return;
  const bool probes_tell = reply.fault != Fault::refused;
  bool any = co_await explore(probes_tell);
  if (run_.waits_for_outages()) co_return;
  for (int i = 1; any && i < kExplorationsWithOnce && !refused_streams_.empty() && !run_.claiming_is_over(); ++i) {
    any = co_await explore(probes_tell);
  }
  if (breaker_.is_open()) run_.give_up(trouble_.redis);
}

Awaitable<bool> Dispatcher::others_are_taken() {
  if (good_stream_.empty() || refused_streams_.contains(good_stream_) || run_.claiming_is_over()) co_return false;
  const auto reply = co_await parts_.streams.probe(good_stream_);
  if (reply.fault == Fault::none) refusals_.served();
  if (reply.fault == Fault::redis_away || reply.fault == Fault::unanswered) {
    redis_is_away(reply.text, good_stream_);
  }
  co_return reply.fault == Fault::none;
}

void Dispatcher::redis_answers() {
  breaker_.close();
  refused_streams_.clear();
  // What they were refused for may be over as well.
  blocked_.probe_all(parts_.clock.now());
  trouble_.redis.clear();
  health_.report_unless_starting();
}

void Dispatcher::stay_back(const std::string& reason, const std::string& stream, bool in_doubt) {
  if (!breaker_.is_open()) {
    refused_streams_.clear();
    exploration_.begin(parts_.clock.now(), parts_.random());
  }
  breaker_.open();
  // On with the probes, and nobody need tell of commits meanwhile.
  idle_.end_wait();
  trouble_.redis = reason;
  trouble_.redis_in_doubt = in_doubt;
  probe_stream_ = stream;
  health_.report();
}

void Dispatcher::redis_is_away(const std::string& reason, const std::string& stream) {
  stay_back(reason, stream);
  refused_streams_.clear();
  exploration_.start_over();
}

// A proxy without a route to one stream's server may refuse all that is due just now, its probe included. That must
// not hold up what others insert into other streams. And what a probe is answered with may be all that this server
// ever says to one: then only an entry tells whether it still refuses.
Awaitable<bool> Dispatcher::explore(bool probes_tell) {
  const auto wanted = exploration_.rows();
  std::size_t tried = 0;
  // Those blocked earlier have no probes of their own meanwhile.
  blocked_.put_all_on_trial(parts_.clock.now());
  while (tried < wanted && !refused_streams_.empty() && !run_.claiming_is_over()) {
    const auto sent = co_await explore_some(wanted - tried, probes_tell);
    if (sent == 0) break;
    tried += sent;
  }
  if (tried == 0) exploration_.start_over();
  exploration_.wait(parts_.clock.now(), parts_.random());
  co_return tried > 0;
}

Awaitable<std::size_t> Dispatcher::explore_some(std::size_t limit, bool probes_tell) {
  auto without = held_.ids(parts_.clock.now());
  std::ranges::copy(exploration_.tried(), std::back_inserter(without));
  const auto rows = std::min<std::size_t>(limit, options_.batch_rows);
  ClaimRequest request{static_cast<std::uint32_t>(rows), run_.due_by(), {}, std::move(without), refused_streams()};
  auto claimed = co_await claim(request);
  if (claimed && claimed->rows.empty() && !probes_tell && !run_.claiming_is_over()) {
    request.except_streams = blocked_.left_out();
    claimed = co_await claim(std::move(request));
  }
  if (!claimed || claimed->rows.empty()) co_return 0;
  const auto sent = claimed->rows.size();
  for (const auto& row : claimed->rows) exploration_.has_tried(row.id);
  Work work{std::move(*claimed), true, {}};
  co_await to_publish_.push(std::move(work));
  co_await drain();
  co_return sent;
}

std::vector<std::string> Dispatcher::refused_streams() const {
  auto streams = blocked_.left_out();
  streams.insert(streams.end(), refused_streams_.begin(), refused_streams_.end());
  std::ranges::sort(streams);
  return streams;
}

Awaitable<void> Dispatcher::ask_for_probes_of_streams() {
  if (blocked_.empty()) co_return;
  const auto now = parts_.clock.now();
  for (const auto& stream : blocked_.end_idle_trials(now)) {
    observer_.stream_freed(stream, BlockedStreams::kTrial, blocked_.size());
  }
  for (std::size_t i = 0; i < kProbesAtOnce; ++i) {
    const auto stream = blocked_.next_probe(now);
    if (!stream) co_return;
    Work work{{}, false, *stream};
    co_await to_publish_.push(std::move(work));
  }
}

Awaitable<void> Dispatcher::probe_stream(const std::string& stream) {
  // The probe of Redis as a whole comes first, and there is one connection.
  if (breaker_.is_open() || run_.claiming_is_over()) {
    blocked_.was_not_probed(stream, parts_.clock.now());
    co_return;
  }
  const auto reply = co_await parts_.streams.probe(stream);
  if (reply.fault == Fault::none) {
    refusals_.served();
    blocked_.put_on_trial(stream, parts_.clock.now());
  } else if (reply.fault == Fault::refused) {
    // Words that nobody knows may be all that this server ever says to a probe: only an entry tells.
    co_await others_are_taken();
    const auto now = parts_.clock.now();
    breaker_.is_open() ? blocked_.was_not_probed(stream, now) : blocked_.put_on_trial(stream, now);
  } else if (reply.fault == Fault::redis_away || reply.fault == Fault::unanswered) {
    blocked_.was_not_probed(stream, parts_.clock.now());
    redis_is_away(reply.text, stream);
  } else {
    block(stream, reply.text);
  }
  idle_.end_wait();
}

void Dispatcher::block(const std::string& stream, const std::string& reason) {
  const bool is_news = blocked_.refuse(stream, reason, parts_.clock.now(), parts_.random());
  if (is_news) observer_.stream_blocked(stream, reason, blocked_.size());
}

void Dispatcher::is_taken(const std::string& stream) {
  const auto since = blocked_.accept(stream);
  if (since) observer_.stream_freed(stream, parts_.clock.now() - *since, blocked_.size());
}

Awaitable<bool> Dispatcher::waits_for_streams() {
  if (!blocked_.any_left_out_before(kTriesWithOnce)) co_return false;
  const auto now = parts_.clock.now();
  const auto until = std::clamp(blocked_.next_at(), now, now + options_.poll_interval);
  co_await pause(std::chrono::ceil<std::chrono::microseconds>(until - now));
  co_return true;
}

}  // namespace outboxd::dispatch
