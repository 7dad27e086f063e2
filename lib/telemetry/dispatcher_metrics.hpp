// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/observer.hpp"
#include "telemetry/dispatcher/backlog_metrics.hpp"
#include "telemetry/dispatcher/batch_metrics.hpp"
#include "telemetry/dispatcher/breaker_metrics.hpp"
#include "telemetry/dispatcher/configured_metrics.hpp"
#include "telemetry/dispatcher/outcome_metrics.hpp"
#include "telemetry/dispatcher/payload_metrics.hpp"
#include "telemetry/dispatcher/published_metrics.hpp"
#include "telemetry/dispatcher/refusal_metrics.hpp"
#include "telemetry/dispatcher/retention_metrics.hpp"
#include "telemetry/dispatcher/series.hpp"
#include "telemetry/dispatcher/server_metrics.hpp"
#include "telemetry/dispatcher/state_metrics.hpp"
#include "telemetry/dispatcher/wait_metrics.hpp"

#include <chrono>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace outboxd::telemetry {

/// All metrics of one dispatcher: an observer for each concern.
class DispatcherMetrics {
 public:
  /// `streams`: the streams known from the settings; others get their series when they first appear.
  DispatcherMetrics(Metrics& metrics, const std::string& dispatcher, std::vector<std::string> streams)
      : DispatcherMetrics(DispatcherSeries{metrics, dispatcher, std::move(streams)}) {}

  [[nodiscard]] std::vector<std::reference_wrapper<dispatch::Observer>> observers() {
    return {batches_,   published_, outcomes_, payloads_, backlog_, refusals_,
            retention_, state_,     servers_,  waits_,    breakers_};
  }

  /// To be called about once a second.
  void beat(std::chrono::steady_clock::time_point now) {
    published_.beat();
    backlog_.beat(now);
    breakers_.beat(now);
  }

  /// To be called at the start, and when settings have changed.
  void configured(const Configured& now) { configured_.set(now); }

 private:
  explicit DispatcherMetrics(const DispatcherSeries& series)
      : batches_{series},
        published_{series},
        outcomes_{series},
        payloads_{series},
        backlog_{series},
        refusals_{series},
        retention_{series},
        state_{series},
        servers_{series},
        waits_{series},
        breakers_{series},
        configured_{series} {}

  BatchMetrics batches_;
  PublishedMetrics published_;
  OutcomeMetrics outcomes_;
  PayloadMetrics payloads_;
  BacklogMetrics backlog_;
  RefusalMetrics refusals_;
  RetentionMetrics retention_;
  StateMetrics state_;
  ServerMetrics servers_;
  WaitMetrics waits_;
  BreakerMetrics breakers_;
  ConfiguredMetrics configured_;
};

}  // namespace outboxd::telemetry
