// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/observers.hpp"
#include "telemetry/dispatcher/blocked_streams_log.hpp"
#include "telemetry/dispatcher/failures_log.hpp"
#include "telemetry/dispatcher/held_up_rows_log.hpp"
#include "telemetry/dispatcher/leases_log.hpp"
#include "telemetry/dispatcher/log_part.hpp"
#include "telemetry/dispatcher/payload_log.hpp"
#include "telemetry/dispatcher/readiness_notes.hpp"
#include "telemetry/dispatcher/retention_log.hpp"
#include "telemetry/dispatcher/samples_log.hpp"
#include "telemetry/dispatcher/state_log.hpp"
#include "telemetry/dispatcher_metrics.hpp"
#include "telemetry/pauses.hpp"

#include <array>
#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace outboxd::telemetry {

/// The metrics, the log lines and the /readyz report of one dispatcher: joins an observer for each concern.
class DispatcherTelemetry {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  /// Reports the dispatcher as "starting" to `readiness` from here on. Both references must outlive this object.
  DispatcherTelemetry(Metrics& metrics, Readiness& readiness, const std::string& dispatcher,
                      const std::vector<std::string>& streams, std::function<TimePoint()> now = time_since_boot);
  DispatcherTelemetry(const DispatcherTelemetry&) = delete;
  DispatcherTelemetry& operator=(const DispatcherTelemetry&) = delete;
  ~DispatcherTelemetry() = default;

  /// The observer to pass to the dispatcher.
  [[nodiscard]] dispatch::Observer& observer() { return observers_; }

  /// To be called about once a second. Writes the reminders that are due, and the summaries of events that had no
  /// line.
  void beat();
  /// To be called at the start, and when settings have changed.
  void configured(const Configured& now) { metrics_.configured(now); }
  /// Writes all summaries, even of a minute that isn't over. To be called before the dispatcher ends.
  void write_summaries() { write_summaries(context_.now(), true); }

 private:
  [[nodiscard]] std::array<std::reference_wrapper<LogPart>, 8> log();
  [[nodiscard]] std::vector<std::reference_wrapper<dispatch::Observer>> all();
  void write_summaries(TimePoint now, bool all);

  LogContext context_;
  ReadinessNotes notes_;
  DispatcherMetrics metrics_;
  StateLog state_;
  FailuresLog failures_;
  PayloadLog payloads_;
  BlockedStreamsLog blocked_streams_;
  HeldUpRowsLog held_up_rows_;
  SamplesLog samples_;
  LeasesLog leases_;
  RetentionLog retention_;
  dispatch::Observers observers_;
};

}  // namespace outboxd::telemetry
