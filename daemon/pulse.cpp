// SPDX-License-Identifier: Apache-2.0
#include "daemon/pulse.hpp"

#include <chrono>
#include <utility>

namespace outboxd::daemon {

Pulse::Pulse(const boost::asio::any_io_executor& executor, std::function<void()> beat)
    : timer_{executor, std::chrono::seconds{0}}, beat_{std::move(beat)} {
  wait();
}

void Pulse::wait() {
  timer_.async_wait([this](boost::system::error_code error) {
    // It may be queued already, without an error, when there are to be no more.
    if (error || stopped_) return;
    beat_();
    timer_.expires_after(std::chrono::seconds{1});
    if (!stopped_) wait();
  });
}

}  // namespace outboxd::daemon
