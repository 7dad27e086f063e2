// SPDX-License-Identifier: Apache-2.0
#include "telemetry/dispatcher_telemetry.hpp"

#include <utility>

namespace outboxd::telemetry {

DispatcherTelemetry::DispatcherTelemetry(Metrics& metrics, Readiness& readiness, const std::string& dispatcher,
                                         const std::vector<std::string>& streams, std::function<TimePoint()> now)
    : context_{dispatcher, std::move(now)},
      notes_{readiness, dispatcher},
      metrics_{metrics, dispatcher, streams},
      state_{context_, readiness},
      failures_{context_},
      payloads_{context_},
      blocked_streams_{context_, notes_},
      held_up_rows_{context_, notes_},
      samples_{context_, notes_},
      leases_{context_},
      retention_{context_},
      observers_{all()} {}

// The state comes first, so that its line precedes the lines on its consequences.
std::array<std::reference_wrapper<LogPart>, 8> DispatcherTelemetry::log() {
  return {state_, blocked_streams_, held_up_rows_, samples_, failures_, payloads_, leases_, retention_};
}

std::vector<std::reference_wrapper<dispatch::Observer>> DispatcherTelemetry::all() {
  auto all = metrics_.observers();
  for (LogPart& part : log()) all.emplace_back(part);
  return all;
}

void DispatcherTelemetry::beat() {
  const auto now = context_.now();
  metrics_.beat(now);
  for (LogPart& part : log()) part.beat(now);
  write_summaries(now, false);
}

void DispatcherTelemetry::write_summaries(TimePoint now, bool all) {
  for (LogPart& part : log()) part.write_summaries(now, all);
}

}  // namespace outboxd::telemetry
