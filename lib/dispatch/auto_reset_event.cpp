// SPDX-License-Identifier: Apache-2.0
#include "dispatch/auto_reset_event.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <utility>

namespace outboxd::dispatch {

Awaitable<bool> SystemClock::wait(AutoResetEvent& event, TimePoint until) {
  if (!event.is_set_) {
    event.timer_.expires_at(until);
    co_await event.timer_.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
  }
  co_return std::exchange(event.is_set_, false);
}

}  // namespace outboxd::dispatch
