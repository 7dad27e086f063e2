// SPDX-License-Identifier: Apache-2.0
#include "daemon/pulse.hpp"

#include <utility>

namespace outboxd::daemon {

Pulse::Pulse(const boost::asio::any_io_executor& executor, std::function<void()> beat, std::chrono::microseconds each,
             std::chrono::microseconds first)
    : timer_{executor, first}, beat_{std::move(beat)}, each_{each} {
  wait();
}

void Pulse::wait() {
  timer_.async_wait([this](boost::system::error_code error) {
    // It may be queued already, without an error, when there are to be no more.
    if (error || stopped_) return;
    beat_();
    timer_.expires_after(each_);
    if (!stopped_) wait();
  });
}

}  // namespace outboxd::daemon
