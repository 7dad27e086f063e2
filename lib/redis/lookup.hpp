// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/system/error_code.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace outboxd::redis {

/// A look-up of a host's addresses. The system's resolver can block for any time and can't be cancelled, so each
/// look-up runs in a thread of its own. Other look-ups, the end of the event loop and the end of the process don't
/// wait for it.
class Lookup {
 public:
  using Addresses = std::vector<boost::asio::generic::stream_protocol::endpoint>;
  using TimePoint = std::chrono::steady_clock::time_point;

  static std::shared_ptr<Lookup> begin(std::string host, std::uint16_t port);

  /// Waits for the result; asio::error::timed_out at the deadline, after which wait() may be called again. One call
  /// at a time; the caller keeps the Lookup alive meanwhile.
  boost::asio::awaitable<boost::system::error_code> wait(Addresses& addresses, TimePoint deadline);

 private:
  void run(const std::string& host, std::uint16_t port);
  void end(boost::system::error_code error, Addresses found);
  /// Sets the function that wakes the waiting caller. Returns whether the look-up has ended already.
  bool wake_by(std::function<void()> wake);

  std::mutex mutex_;
  bool done_ = false;
  boost::system::error_code error_;
  Addresses found_;
  /// Set while a caller waits; called from the look-up's thread.
  std::function<void()> wake_;
};

}  // namespace outboxd::redis
