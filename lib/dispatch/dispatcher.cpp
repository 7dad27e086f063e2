// SPDX-License-Identifier: Apache-2.0
#include "dispatch/dispatcher.hpp"

#include <boost/asio/experimental/awaitable_operators.hpp>

#include <algorithm>
#include <utility>

namespace outboxd::dispatch {
namespace {

// One batch may wait at each side of the sender while another is claimed, sent and settled: enough to keep Postgres
// and Redis busy at the same time, and few enough rows in flight for every lease to be met.
constexpr std::size_t kWaitingBatches = 1;

// A row that is due again so soon after it was marked as published was hardly requeued by an operator.
constexpr std::chrono::seconds kSoonAgain{10};

}  // namespace

Dispatcher::State::State(const boost::asio::any_io_executor& executor, DispatcherOptions the_options,
                         const DispatcherParts& parts, Observer& all_observers)
    : options{the_options},
      random{parts.random},
      run{options, parts.clock},
      health{all_observers, run},
      in_flight{executor, parts.clock, run},
      shared{options, parts.clock, all_observers, random, run, health, in_flight},
      size{options},
      idle{executor, options.poll_interval, {parts.commits, parts.clock, all_observers, run}},
      held{all_observers, in_flight, std::max<TimePoint::duration>(kSoonAgain, 3 * options.poll_interval)},
      refused_claims{shared, held},
      refused_settlements{shared, held},
      candidates{shared, parts.housekeeping, held, idle},
      gate{executor, shared, parts.streams, idle} {}

Dispatcher::Dispatcher(const boost::asio::any_io_executor& executor, DispatcherOptions options, DispatcherParts parts)
    : observers_{{tally_, parts.observer}},
      state_{executor, options, parts, observers_},
      to_send_{executor, kWaitingBatches},
      to_settle_{executor, kWaitingBatches},
      reaper_{executor, state_.shared, parts.housekeeping, state_.candidates, state_.idle},
      sampler_{executor, state_.shared, parts.backlog,
               [this](const BacklogSample& sample) {
                 state_.refused_settlements.forget_old();
                 state_.refused_claims.sampled(sample);
                 state_.held.report(state_.shared.clock.now());
               }},
      pruner_{executor, state_.shared, parts.retention},
      claims_{executor,
              state_.shared,
              parts.source,
              {.refused = state_.refused_claims,
               .held = state_.held,
               .idle = state_.idle,
               .gate = state_.gate,
               .reaper = reaper_,
               .size = state_.size}},
      claimer_{executor,
               state_.shared,
               {.claims = claims_,
                .size = state_.size,
                .gate = state_.gate,
                .idle = state_.idle,
                .held = state_.held,
                .refused_settlements = state_.refused_settlements,
                .candidates = state_.candidates,
                .work = to_send_}},
      sender_{state_.shared, parts.streams, std::move(parts.encoder), {to_send_, to_settle_}, state_.gate,
              state_.held,   state_.size},
      completer_{executor, state_.shared, parts.outcomes, to_settle_, state_.held, state_.refused_settlements} {}

Awaitable<void> Dispatcher::run() {
  using namespace boost::asio::experimental::awaitable_operators;
  co_await (claimer_.run() && sender_.run() && completer_.run() && settle_postponed() && sampler_.run() &&
            reaper_.run() && pruner_.run());
  if (state_.options.once) co_await sampler_.count_what_remains();
}

Awaitable<void> Dispatcher::settle_postponed() {
  co_await completer_.run_postponed();
  state_.run.end();
  sampler_.end();
  reaper_.end();
  pruner_.end();
}

void Dispatcher::stop() {
  if (!state_.run.stop()) return;
  state_.health.report();
  claimer_.stop();
  claims_.stop();
  state_.gate.stop();
  state_.in_flight.stop();
  state_.idle.end_wait();
  completer_.stop();
}

}  // namespace outboxd::dispatch
