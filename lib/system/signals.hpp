// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/any_io_executor.hpp>

#include <functional>
#include <memory>
#include <string_view>

namespace outboxd::system {

/// Writing to a closed socket or pipe is then an error code, not the end of the process. Call once, early.
void ignore_sigpipe();

/// SIGHUP ends nothing before there is something that listens to it, either.
void ignore_sighup();

/// What signals call, on the event loop.
struct SignalHandlers {
  /// The first signal that asks for a stop: `on_first("SIGTERM")`.
  std::function<void(std::string_view)> on_first;
  /// Just before the second one's abrupt end, to flush; may be empty.
  std::function<void()> before_exit{};
  /// Each SIGHUP, which then stops nothing; empty: it asks for a stop like the others.
  std::function<void()> on_hangup{};
};

/// SIGTERM, SIGINT and, where nothing else is meant by it, SIGHUP: the first asks for an orderly stop, the second
/// ends the process at once with status 128+n. Pending work of the event loop until `stop()` or destruction.
class Signals {
 public:
  Signals(const boost::asio::any_io_executor& executor, SignalHandlers handlers);
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  /// Listens no longer; the signals then do what they did before, but for a SIGHUP that stops nothing: that is
  /// ignored from then on. No callback runs after this.
  void stop();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace outboxd::system
