// SPDX-License-Identifier: Apache-2.0
#include "dispatch/alarm.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <utility>

namespace outboxd::dispatch {

Awaitable<bool> SystemClock::wait(Alarm& alarm, TimePoint until) {
  if (!alarm.rung_) {
    alarm.timer_.expires_at(until);
    co_await alarm.timer_.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
  }
  co_return std::exchange(alarm.rung_, false);
}

}  // namespace outboxd::dispatch
