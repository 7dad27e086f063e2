// SPDX-License-Identifier: Apache-2.0
#include "system/signals.hpp"

#include <boost/asio/signal_set.hpp>

#include <csignal>
#include <cstdlib>
#include <utility>

namespace outboxd::system {

namespace {

constexpr int kStatusOfSignal = 128;  // what shells report for a process that a signal ended

std::string_view name_of(int signal) {
  if (signal == SIGHUP) return "SIGHUP";
  return signal == SIGINT ? "SIGINT" : "SIGTERM";
}

}  // namespace

void ignore_sigpipe() {
  std::signal(SIGPIPE, SIG_IGN);
}

struct Signals::State {
  State(const boost::asio::any_io_executor& executor, std::function<void(std::string_view)> first,
        std::function<void()> exiting)
      : signals(executor, SIGTERM, SIGINT, SIGHUP), on_first(std::move(first)), before_exit(std::move(exiting)) {}

  boost::asio::signal_set signals;
  std::function<void(std::string_view)> on_first;
  std::function<void()> before_exit;
  bool stopped = false;

  // The handlers share the state: one may already be queued, without an error, when its owner goes.
  static void await_first(const std::shared_ptr<State>& state) {
    state->signals.async_wait([state](const boost::system::error_code& error, int signal) {
      if (error || state->stopped) return;
      await_second(state);
      state->on_first(name_of(signal));
    });
  }

  static void await_second(const std::shared_ptr<State>& state) {
    state->signals.async_wait([state](const boost::system::error_code& error, int signal) {
      if (error || state->stopped) return;
      if (state->before_exit) state->before_exit();
      std::_Exit(kStatusOfSignal + signal);
    });
  }
};

Signals::Signals(const boost::asio::any_io_executor& executor, std::function<void(std::string_view)> on_first,
                 std::function<void()> before_exit)
    : state_(std::make_shared<State>(executor, std::move(on_first), std::move(before_exit))) {
  State::await_first(state_);
}

Signals::~Signals() {
  stop();
}

void Signals::stop() {
  state_->stopped = true;
  boost::system::error_code ignored;
  state_->signals.clear(ignored);
  state_->signals.cancel(ignored);
}

}  // namespace outboxd::system
