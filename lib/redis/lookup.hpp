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

/// A look-up of a host's addresses. It can block for as long as it likes and can't be ended, so it has a thread of
/// its own: no other look-up waits behind it, and neither does the end of the event loop, or of the process.
class Lookup {
 public:
  using Addresses = std::vector<boost::asio::generic::stream_protocol::endpoint>;
  using TimePoint = std::chrono::steady_clock::time_point;

  static std::shared_ptr<Lookup> begin(std::string host, std::uint16_t port);

  /// Its result, or asio::error::timed_out; then it can be waited for again. One at a time; the caller holds the
  /// Lookup meanwhile.
  boost::asio::awaitable<boost::system::error_code> wait(Addresses& addresses, TimePoint deadline);

 private:
  void run(const std::string& host, std::uint16_t port);
  void end(boost::system::error_code error, Addresses found);
  /// Returns whether it has ended already.
  bool wake_by(std::function<void()> wake);

  std::mutex mutex_;
  bool done_ = false;
  boost::system::error_code error_;
  Addresses found_;
  /// Set while a caller waits: it may be called from any thread.
  std::function<void()> wake_;
};

}  // namespace outboxd::redis
