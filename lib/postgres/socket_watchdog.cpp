// SPDX-License-Identifier: Apache-2.0
#include "postgres/socket_watchdog.hpp"

#include <sys/socket.h>
#include <unistd.h>

namespace outboxd::postgres {

void SocketWatchdog::State::set_socket(int socket) {
  const std::lock_guard lock{mutex_};
  if (descriptor_ >= 0) ::close(descriptor_);
  descriptor_ = socket >= 0 ? ::dup(socket) : -1;
}

int SocketWatchdog::State::duplicate() {
  const std::lock_guard lock{mutex_};
  return descriptor_ >= 0 ? ::dup(descriptor_) : -1;
}

void SocketWatchdog::State::cut() {
  const std::lock_guard lock{mutex_};
  if (descriptor_ >= 0) ::shutdown(descriptor_, SHUT_RDWR);
}

SocketWatchdog::Guard::Guard(const SocketWatchdog& socket_watchdog, const boost::asio::any_io_executor& loop)
    : watch_{std::make_shared<Watch>(Watch{boost::asio::steady_timer{loop}, socket_watchdog.state_})} {
  look_at(watch_, Clock::now() + socket_watchdog.state_->limit);
}

SocketWatchdog::Guard::~Guard() {
  watch_->over = true;
  watch_->timer.cancel();
}

void SocketWatchdog::Guard::look_at(const std::shared_ptr<Watch>& watch, Clock::time_point when) {
  watch->timer.expires_at(when);
  watch->timer.async_wait([watch](boost::system::error_code error) {
    if (error || watch->over) return;
    const auto& limit = watch->state->limit;
    const auto now = Clock::now();
    // The work may have had to wait for its turn, or for a connection, which has a limit of its own.
    const auto began = watch->state->began.load();
    if (began == Clock::time_point{}) {
      look_at(watch, now + limit);
    } else if (now < began + limit) {
      look_at(watch, began + limit);
    } else {
      watch->state->cut();
    }
  });
}

}  // namespace outboxd::postgres
