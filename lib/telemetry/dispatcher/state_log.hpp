// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "telemetry/dispatcher/log_part.hpp"
#include "telemetry/health_log.hpp"
#include "telemetry/pauses.hpp"
#include "telemetry/readiness.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace outboxd::telemetry {

/// The dispatcher's state, in the log and for /readyz; and pauses of the process, which are no server's fault.
class StateLog final : public LogPart {
 public:
  /// Reports the dispatcher as "starting" to `readiness`, which outlives this, from here on.
  StateLog(const LogContext& context, Readiness& readiness);

  void health(dispatch::Health health, std::string_view reason) override;
  void sample_failed(std::string_view /*reason*/) override { look_for_a_pause(now()); }
  void wake_ups(bool there) override;
  void looks_are_slow(const dispatch::SlowLook& look) override;
  void beat(TimePoint now) override;

 private:
  void look_for_a_pause(TimePoint now);
  void write(const std::optional<std::string>& line);

  Readiness& readiness_;
  Pauses pauses_;
  HealthLog health_log_;
};

}  // namespace outboxd::telemetry
