// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "postgres/socket_watchdog.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <functional>
#include <memory>

namespace outboxd::postgres {

/// Calls back on the event loop when the server sends a notification while no work runs.
class InputWatch {
 public:
  /// Work has ended; `notified`: the server had sent a notification by then.
  void worked(bool notified) { notified_ = notified; }

  /// Calls `notify` once: at once where a notification has come already, otherwise when any input comes over this
  /// connection, or its end.
  void notify_on_input(const boost::asio::any_io_executor& loop, const SocketWatchdog& connection,
                       std::function<void()> notify);

  /// Afterwards `notify` is not called.
  void stop_notifying() { watch_.reset(); }

 private:
  struct Watch {
    boost::asio::posix::stream_descriptor socket;
    std::function<void()> notify;
  };

  bool notified_ = false;
  std::shared_ptr<Watch> watch_;
};

}  // namespace outboxd::postgres
