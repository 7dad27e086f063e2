// SPDX-License-Identifier: Apache-2.0
#include "dispatch/idle_wait.hpp"

#include <algorithm>
#include <memory>
#include <utility>

namespace outboxd::dispatch {
namespace {

// A claim of more rows than this comes from busy writers, which are not to be asked for notifications.
constexpr std::size_t kFew = 1;

// In so short a wait a notification saves less than listening for it costs.
constexpr std::chrono::milliseconds kWorthListening{10};

// A table may get wake-ups, lose them, or be replaced by another of the same name.
constexpr std::chrono::seconds kAskAnew{10};

}  // namespace

Awaitable<bool> IdleWait::arm(std::size_t found) {
  if (parts_.commits == nullptr) co_return false;
  const auto now = parts_.clock.now();
  const bool quiet = found <= kFew && budget_.allows(now);
  const bool may_be_allowed = now >= ask_at_ || (wake_ups_ == WakeUps::not_now && quiet);
  if (!may_be_allowed) co_return false;
  co_await ask();
  co_return wake_ups_ == WakeUps::armed;
}

Awaitable<void> IdleWait::wait(std::size_t found, TimePoint began, TimePoint no_later_than) {
  PollPace::Duration wait = poll_interval_;
  if (wake_ups_ == WakeUps::not_now)
    wait = found > 0 ? pace_.after_rows(found, began - waited_until_) : pace_.after_none();
  wait = std::min(wait, std::max(PollPace::Duration{0}, no_later_than - began));
  const bool woken = co_await wait_for_commit(std::chrono::ceil<std::chrono::microseconds>(wait));
  waited_until_ = parts_.clock.now();
  if (!woken) co_return;
  parts_.observer.woken();
  if (!budget_.take(waited_until_)) co_await disarm();
}

Awaitable<bool> IdleWait::wait_for_commit(std::chrono::microseconds longest) {
  const auto woken = std::make_shared<bool>(false);
  auto notify = [this, woken] {
    *woken = true;
    event_.set();
  };
  const bool listens = wake_ups_ == WakeUps::armed || (wake_ups_ == WakeUps::not_now && longest >= kWorthListening);
  // Earlier wake-ups have been served by the work since then.
  event_.reset();
  if (listens) co_await parts_.commits->notify_on_commit(notify);
  if (!parts_.run.is_stopping()) co_await parts_.clock.wait(event_, parts_.clock.now() + longest);
  if (listens) parts_.commits->stop_notifying();
  co_return *woken;
}

Awaitable<void> IdleWait::ask() {
  wake_ups_ = co_await parts_.commits->arm_wake_ups();
  if (wake_ups_ == WakeUps::armed) pace_.begin_short();
  ask_at_ = parts_.clock.now() + kAskAnew;
  const bool there = wake_ups_ != WakeUps::none;
  if (std::exchange(reported_, there) != there) parts_.observer.wake_ups(there);
}

void IdleWait::connection_was_lost() {
  wake_ups_ = WakeUps::none;
  ask_at_ = {};
}

Awaitable<void> IdleWait::disarm() {
  if (wake_ups_ != WakeUps::armed) co_return;
  wake_ups_ = WakeUps::not_now;
  co_await parts_.commits->disarm_wake_ups();
}

}  // namespace outboxd::dispatch
