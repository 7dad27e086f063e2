// SPDX-License-Identifier: Apache-2.0
#include "system/signals.hpp"

#include "system/signals_blocked.hpp"

#include <boost/asio/signal_set.hpp>

#include <csignal>
#include <cstdlib>
#include <utility>

namespace outboxd::system {

namespace {

constexpr int kStatusOfSignal = 128;  // added to the signal's number, as shells do

std::string_view name_of(int signal) {
  if (signal == SIGHUP) return "SIGHUP";
  return signal == SIGINT ? "SIGINT" : "SIGTERM";
}

}  // namespace

void ignore_sigpipe() {
  std::signal(SIGPIPE, SIG_IGN);
}

void ignore_sighup() {
  std::signal(SIGHUP, SIG_IGN);
}

struct Signals::State {
  State(const boost::asio::any_io_executor& executor, SignalHandlers on)
      : signals(executor, SIGTERM, SIGINT), hangups(executor), handlers(std::move(on)) {
    (handlers.on_hangup ? hangups : signals).add(SIGHUP);
  }

  boost::asio::signal_set signals;
  /// SIGHUP, if it doesn't stop the process.
  boost::asio::signal_set hangups;
  SignalHandlers handlers;
  bool stopped = false;

  // The handlers share the state, as one may be queued already, without an error, when Signals is destroyed.
  static void await_first(const std::shared_ptr<State>& state) {
    state->signals.async_wait([state](const boost::system::error_code& error, int signal) {
      if (error || state->stopped) return;
      await_second(state);
      state->handlers.on_first(name_of(signal));
    });
  }

  static void await_hangup(const std::shared_ptr<State>& state) {
    state->hangups.async_wait([state](const boost::system::error_code& error, int /*signal*/) {
      if (error || state->stopped) return;
      await_hangup(state);
      state->handlers.on_hangup();
    });
  }

  static void await_second(const std::shared_ptr<State>& state) {
    state->signals.async_wait([state](const boost::system::error_code& error, int signal) {
      if (error || state->stopped) return;
      if (state->handlers.before_exit) state->handlers.before_exit();
      std::_Exit(kStatusOfSignal + signal);
    });
  }
};

Signals::Signals(const boost::asio::any_io_executor& executor, SignalHandlers handlers)
    : state_(std::make_shared<State>(executor, std::move(handlers))) {
  State::await_first(state_);
  if (state_->handlers.on_hangup) State::await_hangup(state_);
}

Signals::~Signals() {
  stop();
}

void Signals::stop() {
  state_->stopped = true;
  // Until SIGHUP is ignored below, it would end the process.
  const AllSignalsBlocked blocked;
  for (auto* set : {&state_->signals, &state_->hangups}) {
    boost::system::error_code ignored;
    set->clear(ignored);
    set->cancel(ignored);
  }
  // A SIGHUP that means a reload must not end the process while it finishes its work.
  if (state_->handlers.on_hangup) ignore_sighup();
}

}  // namespace outboxd::system
