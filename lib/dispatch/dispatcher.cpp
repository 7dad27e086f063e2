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

// A row that is due again so soon after it was marked as published was hardly requeued by an operator.
constexpr std::chrono::seconds kSoonAgain{10};
// Each look for other streams that Redis might take may have to pass over the backlog of all that it refuses.
constexpr std::chrono::seconds kLongestExploring{30};

}  // namespace

Dispatcher::Dispatcher(const boost::asio::any_io_executor& executor, DispatcherOptions options, DispatcherParts parts)
    : options_{options},
      parts_{std::move(parts)},
      observer_{{tally_, parts_.observer}},
      run_{options_, parts_.clock},
      health_{observer_, run_},
      in_flight_{executor, parts_.clock, run_},
      idle_{executor, options_.poll_interval, {parts_.commits, parts_.clock, observer_, run_}},
      held_{observer_, in_flight_, std::max<TimePoint::duration>(kSoonAgain, 3 * options_.poll_interval)},
      refused_claims_{shared(), held_},
      refused_settlements_{shared(), held_},
      candidates_{shared(), parts_.housekeeping, held_, idle_},
      reaper_{executor, shared(), parts_.housekeeping, candidates_, idle_},
      sampler_{executor, shared(), parts_.backlog,
               [this](const BacklogSample& sample) {
                 refused_settlements_.forget_old();
                 refused_claims_.sampled(sample);
               }},
      to_publish_{executor, kWaitingBatches},
      to_settle_{executor, kWaitingBatches},
      completer_{executor, shared(), parts_.outcomes, to_settle_, held_, refused_settlements_},
      claim_alarm_{executor},
      batch_{options_.batch_rows, options_.most_batch_rows},
      rate_{options_.most_rows_a_second},
      redis_backoff_{options_.backoff_min, options_.backoff_max},
      claim_backoff_{options_.backoff_min, options_.backoff_max},
      blocked_{options_.backoff_min, options_.backoff_max},
      exploration_{options_.backoff_max, kLongestExploring} {}

Awaitable<void> Dispatcher::run() {
  using namespace boost::asio::experimental::awaitable_operators;
  co_await (claim_loop() && publish_loop() && completer_.run() && settle_postponed() && sampler_.run() &&
            reaper_.run());
  if (options_.once) co_await sampler_.count_what_remains();
}

Awaitable<void> Dispatcher::settle_postponed() {
  co_await completer_.run_postponed();
  run_.end();
  sampler_.end();
  reaper_.end();
}

void Dispatcher::stop() {
  if (!run_.stop()) return;
  health_.report();
  claim_alarm_.ring();
  in_flight_.stop();
  idle_.end_wait();
  completer_.stop();
}

}  // namespace outboxd::dispatch
