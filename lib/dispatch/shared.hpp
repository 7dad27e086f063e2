// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/auto_reset_event.hpp"
#include "dispatch/health_reporter.hpp"
#include "dispatch/in_flight.hpp"
#include "dispatch/observer.hpp"
#include "dispatch/options.hpp"
#include "dispatch/run_state.hpp"

#include <functional>

namespace outboxd::dispatch {

/// The objects that all stages of a dispatcher use. They outlive the stages.
struct Shared {
  const DispatcherOptions& options;
  Clock& clock;
  Observer& observer;
  /// Uniform in [0, 1).
  const std::function<double()>& random;
  RunState& run;
  HealthReporter& health;
  InFlight& in_flight;
};

}  // namespace outboxd::dispatch
