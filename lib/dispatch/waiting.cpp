// SPDX-License-Identifier: Apache-2.0
// Between claims: by polling, or woken by commits.
#include "dispatch/dispatcher.hpp"

#include <algorithm>
#include <memory>
#include <utility>

namespace outboxd::dispatch {
namespace {

// More rows than this in one claim come from writers at work, who are not to be asked.
constexpr std::size_t kFew = 1;

// A notification that comes in so short a wait is worth less than listening for it costs.
constexpr std::chrono::milliseconds kWorthListening{10};

// A table may be given wake-ups, lose them, or be replaced by another of its name.
constexpr std::chrono::seconds kAskAnew{10};

}  // namespace

Awaitable<void> Dispatcher::wait_for_rows(std::size_t found) {
  const auto began = parts_.clock.now();
  const bool quiet = found <= kFew && wake_up_budget_.allows(began);
  const bool may_ask = parts_.commits != nullptr;
  if (may_ask && (began >= ask_for_wake_ups_at_ || (wake_ups_ == WakeUps::not_now && quiet))) {
    co_await arm_wake_ups();
    // Whoever committed before that told nobody: one more claim finds it.
    if (wake_ups_ == WakeUps::armed) co_return;
  }
  if (breaker_.is_open() || !suspects_.empty()) co_return;
  PollPace::Duration wait = options_.poll_interval;
  if (wake_ups_ == WakeUps::not_now)
    wait = found > 0 ? pace_.after_rows(found, began - waited_until_) : pace_.after_none();
  wait = std::min(wait, std::max(PollPace::Duration{0}, blocked_.next_at() - began));
  const bool woken = co_await wait_for_commit(std::chrono::ceil<std::chrono::microseconds>(wait));
  waited_until_ = parts_.clock.now();
  if (!woken) co_return;
  observer_.woken();
  if (!wake_up_budget_.take(waited_until_)) co_await disarm_wake_ups();
}

Awaitable<bool> Dispatcher::wait_for_commit(std::chrono::microseconds longest) {
  const auto woken = std::make_shared<bool>(false);
  auto ring = [this, woken] {
    *woken = true;
    claim_alarm_.ring();
  };
  const bool listens = wake_ups_ == WakeUps::armed || (wake_ups_ == WakeUps::not_now && longest >= kWorthListening);
  if (listens) co_await parts_.commits->ring_for_rows(ring);
  polls_ = true;
  co_await pause(longest);
  polls_ = false;
  if (listens) parts_.commits->stop_ringing();
  co_return *woken;
}

Awaitable<void> Dispatcher::arm_wake_ups() {
  wake_ups_ = co_await parts_.commits->arm_wake_ups();
  if (wake_ups_ == WakeUps::armed) pace_.begin_short();
  ask_for_wake_ups_at_ = parts_.clock.now() + kAskAnew;
  const bool there = wake_ups_ != WakeUps::none;
  if (std::exchange(told_of_wake_ups_, there) != there) observer_.wake_ups(there);
}

void Dispatcher::forget_wake_ups() {
  // With its connection the store forgets as well.
  wake_ups_ = WakeUps::none;
  ask_for_wake_ups_at_ = {};
}

Awaitable<void> Dispatcher::disarm_wake_ups() {
  if (wake_ups_ != WakeUps::armed) co_return;
  wake_ups_ = WakeUps::not_now;
  co_await parts_.commits->disarm_wake_ups();
}

}  // namespace outboxd::dispatch
