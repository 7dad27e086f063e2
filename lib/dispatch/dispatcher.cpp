// SPDX-License-Identifier: Apache-2.0
#include "dispatch/dispatcher.hpp"

#include <boost/asio/experimental/awaitable_operators.hpp>

#include <algorithm>
#include <utility>

namespace outboxd::dispatch {
namespace {

// One batch may wait at each side of the publisher while another is claimed, published and settled: enough to keep
// Postgres and Redis busy at the same time, and few enough rows in flight for every lease to be met.
constexpr std::size_t kWaitingBatches = 1;

// A worker's session may be missing for a moment while it reconnects, so it takes more than one look to call it dead;
// all of them together stay below two seconds.
constexpr std::chrono::milliseconds kWatchInterval{800};
constexpr std::chrono::milliseconds kCloseWatchInterval{460};
constexpr int kSightings = 3;

// A row that is due again so soon after it was marked as published was hardly requeued by an operator.
constexpr std::chrono::seconds kSoonAgain{10};
// Each look for other streams that Redis might take may have to pass over the backlog of all that it refuses.
constexpr std::chrono::seconds kLongestExploring{30};

// Counting takes a twentieth of Postgres' time at most.
constexpr int kWorkToCounting = 19;

}  // namespace

Dispatcher::Dispatcher(const boost::asio::any_io_executor& executor, DispatcherOptions options, DispatcherParts parts)
    : options_{options},
      parts_{std::move(parts)},
      observer_{{tally_, parts_.observer}},
      run_{options_, parts_.clock},
      health_{observer_, run_},
      in_flight_{executor, parts_.clock, run_},
      idle_{executor, options_.poll_interval, {parts_.commits, parts_.clock, observer_, run_}},
      to_publish_{executor, kWaitingBatches},
      to_settle_{executor, kWaitingBatches},
      claim_alarm_{executor},
      settle_alarm_{executor},
      postponed_alarm_{executor},
      sample_alarm_{executor},
      watch_alarm_{executor},
      batch_{options_.batch_rows, options_.most_batch_rows},
      rate_{options_.most_rows_a_second},
      redis_backoff_{options_.backoff_min, options_.backoff_max},
      claim_backoff_{options_.backoff_min, options_.backoff_max},
      settle_backoff_{options_.backoff_min, options_.backoff_max},
      blocked_{options_.backoff_min, options_.backoff_max},
      exploration_{options_.backoff_max, kLongestExploring},
      refused_backoff_{options_.backoff_min, options_.backoff_max},
      sent_{std::max<TimePoint::duration>(kSoonAgain, 3 * options_.poll_interval)} {}

Awaitable<void> Dispatcher::run() {
  using namespace boost::asio::experimental::awaitable_operators;
  co_await (claim_loop() && publish_loop() && settle_loop() && postponed_loop() && sample_loop() && watch_loop());
  if (options_.once && parts_.backlog != nullptr) co_await count_what_remains();
}

Awaitable<void> Dispatcher::count_what_remains() {
  // Rows that another process is just claiming count as due until it commits: a second look tells them apart.
  for (int looks = 0; looks < 3; ++looks) {
    backlog_.reset();
    co_await sample();
    if (!backlog_ || backlog_->due == 0 || !run_.gave_up_because().empty() || run_.past_deadline()) co_return;
    co_await pause(std::chrono::milliseconds{100});
  }
}

void Dispatcher::stop() {
  if (!run_.stop()) return;
  health_.report();
  claim_alarm_.ring();
  in_flight_.stop();
  idle_.end_wait();
  settle_alarm_.ring();
  postponed_alarm_.ring();
}

Awaitable<void> Dispatcher::sample() {
  const auto sample = co_await parts_.backlog->sample(run_.due_by());
  if (!sample) {
    observer_.sample_failed(sample.error().text);
    co_return;
  }
  backlog_ = *sample;
  observer_.sampled(*sample);
  watch_for_starvation(*sample);
}

Awaitable<void> Dispatcher::sample_loop() {
  while (!run_.has_ended() && parts_.backlog != nullptr) {
    const auto started = parts_.clock.now();
    co_await sample();
    // Beside a table full of what an old snapshot keeps, counting takes long, and the rows' way comes first.
    const auto now = parts_.clock.now();
    const auto rest = std::max<TimePoint::duration>(options_.sample_interval, kWorkToCounting * (now - started));
    if (!run_.has_ended()) co_await parts_.clock.wait(sample_alarm_, now + rest);
  }
}

Awaitable<void> Dispatcher::watch_loop() {
  while (!run_.has_ended() && parts_.housekeeping != nullptr) {
    // Nobody's rows can have been left since then for longer than a look may take to come.
    if (parts_.clock.now() < nothing_due_at_ + kWatchInterval) {
      co_await parts_.clock.wait(watch_alarm_, nothing_due_at_ + kWatchInterval);
      continue;
    }
    auto seen = co_await parts_.housekeeping->look_out(kSightings, run_.due_by());
    // An answer that didn't come may have been that some are missing.
    auto interval = kCloseWatchInterval;
    if (seen) {
      for (const auto& worker : seen->freed) observer_.freed_rows_of(worker);
      remember_suspects(std::move(seen->suspects));
      if (seen->slow) observer_.looks_are_slow(*seen->slow);
      if (seen->some_overlooked) idle_.end_wait();
      if (!seen->some_missing) interval = kWatchInterval;
    }
    if (!run_.has_ended()) co_await parts_.clock.wait(watch_alarm_, parts_.clock.now() + interval);
  }
}

}  // namespace outboxd::dispatch
