// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/any_io_executor.hpp>

#include <functional>
#include <memory>
#include <string_view>

namespace outboxd::system {

/// Makes writing to a closed socket or pipe an error code instead of the end of the process. Call once, early.
void ignore_sigpipe();

/// Ignores SIGHUP, so that it doesn't end the process before Signals handles it.
void ignore_sighup();

/// Called by signals, on the event loop.
struct SignalHandlers {
  /// Called for the first stop signal with its name: `on_first("SIGTERM")`.
  std::function<void(std::string_view)> on_first;
  /// Called before the second stop signal ends the process, to flush; may be empty.
  std::function<void()> before_exit{};
  /// Called for each SIGHUP. If it is empty, SIGHUP is a stop signal like the others.
  std::function<void()> on_hangup{};
};

/// Handles the stop signals SIGTERM, SIGINT and, without `on_hangup`, SIGHUP. The first asks for an orderly stop, the
/// second ends the process at once with status 128+n. Keeps the event loop running until `stop()` or destruction.
class Signals {
 public:
  Signals(const boost::asio::any_io_executor& executor, SignalHandlers handlers);
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  /// Restores the signals' former effect; but with `on_hangup`, SIGHUP is ignored from now on. No callback runs after
  /// this.
  void stop();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace outboxd::system
