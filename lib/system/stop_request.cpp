// SPDX-License-Identifier: Apache-2.0
#include "system/stop_request.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <ctime>

namespace outboxd::system {
namespace {

constexpr std::array kStopSignals{SIGINT, SIGTERM, SIGHUP};

volatile std::sig_atomic_t asked = 0;
std::array<struct sigaction, kStopSignals.size()> before;

void on_signal(int /*number*/) {
  asked = 1;
}

}  // namespace

StopRequest::StopRequest() {
  asked = 0;
  struct sigaction action {};
  action.sa_handler = on_signal;
  // The same signal once more has its usual effect.
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  for (std::size_t i = 0; i < kStopSignals.size(); ++i) {
    ::sigaction(kStopSignals.at(i), nullptr, &before.at(i));
    // One that is ignored, as under nohup, stays so.
    if (before.at(i).sa_handler != SIG_IGN) ::sigaction(kStopSignals.at(i), &action, nullptr);
  }
}

StopRequest::~StopRequest() {
  for (std::size_t i = 0; i < kStopSignals.size(); ++i) ::sigaction(kStopSignals.at(i), &before.at(i), nullptr);
}

bool StopRequest::wait(std::chrono::milliseconds time) const {
  // A signal that comes between the look and the wait is noticed after a short while.
  constexpr std::chrono::milliseconds kLongest{50};
  const auto end = std::chrono::steady_clock::now() + time;
  for (auto left = time; asked == 0 && left.count() > 0;
       left = std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now())) {
    const auto now = std::min(left, kLongest);
    const timespec rest{.tv_sec = 0, .tv_nsec = static_cast<long>(now.count()) * 1'000'000};
    ::nanosleep(&rest, nullptr);
  }
  return asked != 0;
}

}  // namespace outboxd::system
