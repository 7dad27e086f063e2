// SPDX-License-Identifier: Apache-2.0
#include "simulation/virtual_clock.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <utility>

namespace outboxd::dispatch {

Awaitable<bool> VirtualClock::wait(Alarm& alarm, TimePoint until) {
  if (!alarm.rung_) {
    if (until != kUntilItRings) waiting_.emplace(until, &alarm);
    alarm.timer_.expires_at(TimePoint::max());
    co_await alarm.timer_.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
    std::erase_if(waiting_, [&](const auto& waiter) { return waiter.second == &alarm; });
  }
  co_return std::exchange(alarm.rung_, false);
}

bool VirtualClock::advance() {
  if (waiting_.empty()) return false;
  const auto next = waiting_.begin();
  now_ = std::max(now_, next->first);
  next->second->timer_.cancel();
  waiting_.erase(next);
  return true;
}

}  // namespace outboxd::dispatch
