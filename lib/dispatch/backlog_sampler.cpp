// SPDX-License-Identifier: Apache-2.0
#include "dispatch/backlog_sampler.hpp"

#include "outbox/sample_pace.hpp"

#include <chrono>

namespace outboxd::dispatch {

Awaitable<void> BacklogSampler::run() {
  // While an old snapshot keeps many index entries, counting takes long, and publishing rows comes first.
  SamplePace pace{shared_.options.sample_interval};
  while (!shared_.run.has_ended() && probe_ != nullptr) {
    const auto started = shared_.clock.now();
    const bool answered = co_await sample();
    const auto now = shared_.clock.now();
    const auto rest = pace.rest_after(now - started, !answered);
    if (!shared_.run.has_ended()) co_await shared_.clock.wait(event_, now + rest);
  }
}

Awaitable<bool> BacklogSampler::sample() {
  const auto sample = co_await probe_->sample(shared_.run.due_by());
  if (!sample) {
    shared_.observer.sample_failed(sample.error().text);
    co_return !sample.error().unreachable;
  }
  last_ = *sample;
  shared_.observer.sampled(*sample);
  sampled_(*sample);
  co_return true;
}

Awaitable<void> BacklogSampler::count_what_remains() {
  if (probe_ == nullptr) co_return;
  // The run has ended, so the event is set already; these waits use the clock alone.
  event_.reset();
  // Rows that another process is claiming count as due until it commits: a second sample shows which are really due.
  for (int looks = 0; looks < 3; ++looks) {
    last_.reset();
    co_await sample();
    const auto& run = shared_.run;
    if (!last_ || last_->due == 0 || !run.abort_reason().empty() || run.past_deadline()) co_return;
    co_await shared_.clock.wait(event_, run.within_once(shared_.clock.now() + std::chrono::milliseconds{100}));
  }
}

}  // namespace outboxd::dispatch
