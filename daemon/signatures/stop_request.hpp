// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <csignal>
#include <ctime>
#include <pthread.h>

namespace outboxd::daemon {

/// While it exists, Ctrl-C and the other stop signals don't end the process but are noticed between two pages, so
/// that the counts so far are printed. A second one ends it.
class StopRequest {
 public:
  StopRequest() {
    sigemptyset(&signals_);
    for (const int signal : kSignals) sigaddset(&signals_, signal);
    pthread_sigmask(SIG_BLOCK, &signals_, &before_);
  }
  ~StopRequest() { restore(); }
  StopRequest(const StopRequest&) = delete;
  StopRequest& operator=(const StopRequest&) = delete;

  /// Waits so long for a signal; returns whether there was one.
  bool wait(std::chrono::milliseconds time) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(time);
    const std::chrono::nanoseconds rest = time - seconds;
    const timespec wait{static_cast<std::time_t>(seconds.count()), static_cast<long>(rest.count())};
    if (sigtimedwait(&signals_, nullptr, &wait) < 0) return false;
    restore();
    return true;
  }

 private:
  static constexpr std::array kSignals{SIGINT, SIGTERM, SIGHUP};

  void restore() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

  sigset_t signals_{};
  sigset_t before_{};
};

}  // namespace outboxd::daemon
