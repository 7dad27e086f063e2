// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/loader.hpp"
#include "daemon/changes.hpp"
#include "telemetry/line_rate.hpp"

namespace outboxd::daemon {

/// What the log says of a configuration that was read again.
class ReloadLog {
 public:
  /// It can't be used.
  void refused(Wanted wanted, const config::Problems& problems);
  /// Its warnings, as far as they are not among those `known` before.
  static void warn_of_new(const config::Problems& known, const config::Problems& now);
  /// What of it is used from now on, and what isn't.
  void taken_over(Wanted wanted, const Changes& changes);

 private:
  /// A dispatcher that fails to connect has it read again and again.
  telemetry::LineRate lines_for_logins_;
};

}  // namespace outboxd::daemon
