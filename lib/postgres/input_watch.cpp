// SPDX-License-Identifier: Apache-2.0
#include "postgres/input_watch.hpp"

#include <utility>

namespace outboxd::postgres {

void InputWatch::notify_on_input(const boost::asio::any_io_executor& loop, const SocketWatchdog& connection,
                                 std::function<void()> notify) {
  if (notified_) {
    notify();
    return;
  }
  const int socket = connection.duplicate();
  if (socket < 0) return;
  watch_ = std::make_shared<Watch>(Watch{boost::asio::posix::stream_descriptor{loop, socket}, std::move(notify)});
  watch_->socket.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                            [waits = std::weak_ptr{watch_}](boost::system::error_code error) {
                              const auto watch = waits.lock();
                              if (watch && !error) watch->notify();
                            });
}

}  // namespace outboxd::postgres
