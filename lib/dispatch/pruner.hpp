// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/ports.hpp"
#include "dispatch/shared.hpp"

#include <chrono>

namespace outboxd::dispatch {

/// Removes published rows that are older than they are kept, in small steps with rests in between.
class Pruner {
 public:
  /// `retention`: null where published rows are kept.
  Pruner(const boost::asio::any_io_executor& executor, Shared shared, Retention* retention)
      : shared_{shared}, retention_{retention}, event_{executor} {}

  /// Prunes until the run has ended.
  Awaitable<void> run();
  /// To be called after RunState::end().
  void end() { event_.set(); }

 private:
  /// Returns how long to rest before the next step.
  Awaitable<TimePoint::duration> step();

  Shared shared_;
  Retention* retention_;
  AutoResetEvent event_;
};

}  // namespace outboxd::dispatch
