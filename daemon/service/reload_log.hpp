// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/loader.hpp"
#include "daemon/service/signing_state.hpp"
#include "daemon/settings/changes.hpp"
#include "telemetry/log_rate_limiter.hpp"

namespace outboxd::daemon {

/// Logs the result of a reload.
class ReloadLog {
 public:
  /// Logs the problems of a configuration that can't be used.
  void refused(ReloadScope wanted, const config::Problems& problems);
  /// Logs those warnings of the new configuration that are not among the `known` ones.
  static void warn_of_new(const config::Problems& known, const config::Problems& now);
  /// Logs the settings that were taken over, those that take a restart, and with which key entries are signed now.
  void taken_over(ReloadScope wanted, const Changes& changes, const SigningState& signing);

 private:
  /// Limits the lines, as a dispatcher that can't connect asks for a reload at each attempt.
  telemetry::LogRateLimiter lines_for_logins_;
};

}  // namespace outboxd::daemon
