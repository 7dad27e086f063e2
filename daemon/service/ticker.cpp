// SPDX-License-Identifier: Apache-2.0
#include "daemon/service/ticker.hpp"

#include <utility>

namespace outboxd::daemon {

Ticker::Ticker(const boost::asio::any_io_executor& executor, std::function<void()> tick,
               std::chrono::microseconds each, std::chrono::microseconds first)
    : timer_{executor, first}, tick_{std::move(tick)}, each_{each} {
  wait();
}

void Ticker::wait() {
  timer_.async_wait([this](boost::system::error_code error) {
    // This call may have been queued, without an error, before stop().
    if (error || stopped_) return;
    tick_();
    timer_.expires_after(each_);
    if (!stopped_) wait();
  });
}

}  // namespace outboxd::daemon
