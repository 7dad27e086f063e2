// SPDX-License-Identifier: Apache-2.0
#include "simulation/virtual_clock.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <utility>

namespace outboxd::dispatch {

Awaitable<bool> VirtualClock::wait(AutoResetEvent& event, TimePoint until) {
  if (!event.is_set_) {
    if (until != kUntilSet) waiting_.emplace(until, &event);
    event.timer_.expires_at(TimePoint::max());
    co_await event.timer_.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
    std::erase_if(waiting_, [&](const auto& waiter) { return waiter.second == &event; });
  }
  co_return std::exchange(event.is_set_, false);
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
