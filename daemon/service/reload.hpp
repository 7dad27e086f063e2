// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/loader.hpp"
#include "daemon/settings/changes.hpp"
#include "system/blocking_thread.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <functional>
#include <optional>

namespace outboxd::daemon {

/// Reads the configuration again, without blocking the event loop.
class Reload {
 public:
  /// `load` runs on a thread of its own, `done` on the event loop. Both must outlive the loop's run. An exception of
  /// `load` becomes one of the problems that `done` gets.
  Reload(boost::asio::any_io_executor loop, std::function<config::Loaded()> load,
         std::function<void(ReloadScope, const config::Loaded&)> done);

  /// Starts a reload; to be called on the event loop. Logins are read at most once a second, as a dispatcher asks for
  /// them at each failed login.
  void ask(ReloadScope wanted);

  /// Whether files are being read; the loop doesn't end meanwhile.
  [[nodiscard]] bool reads() const { return reads_; }

 private:
  using Clock = std::chrono::steady_clock;

  boost::asio::awaitable<void> read();

  boost::asio::any_io_executor loop_;
  std::function<config::Loaded()> load_;
  std::function<void(ReloadScope, const config::Loaded&)> done_;
  bool reads_ = false;
  std::optional<ReloadScope> wanted_;
  std::optional<Clock::time_point> last_read_;
  /// Started when it is first needed.
  std::optional<system::BlockingThread> thread_;
};

}  // namespace outboxd::daemon
