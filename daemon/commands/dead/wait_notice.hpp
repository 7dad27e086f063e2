// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/settings.hpp"
#include "daemon/status/ask_daemon.hpp"
#include "dead_rows/tally.hpp"

#include <chrono>
#include <string>

namespace outboxd::daemon {

/// What rows of this dispatcher may be waiting for, by the daemon's own report. Pure.
[[nodiscard]] std::string why_waiting(const DaemonAnswer& daemon, const std::string& dispatcher);

/// Says on standard error why requeued rows are not published: after some seconds, then each half a minute, and at
/// the end if it was not said before.
class WaitNotice {
 public:
  /// `settings` must outlive this object.
  explicit WaitNotice(const config::Settings& settings) : settings_{settings} {}

  void looked(const dead_rows::Outcomes& now);
  void ended(const dead_rows::Outcomes& now);

 private:
  using Clock = std::chrono::steady_clock;

  void say(const dead_rows::Outcomes& now);

  const config::Settings& settings_;
  Clock::time_point next_ = Clock::now() + std::chrono::seconds{3};
  bool has_said_ = false;
};

}  // namespace outboxd::daemon
