// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/ports.hpp"
#include "dispatch/shared.hpp"

#include <functional>
#include <optional>
#include <utility>

namespace outboxd::dispatch {

/// Counts the backlog at intervals.
class BacklogSampler {
 public:
  /// `probe`: null where the source can't count. `sampled` is called with each sample.
  BacklogSampler(const boost::asio::any_io_executor& executor, Shared shared, BacklogProbe* probe,
                 std::function<void(const BacklogSample&)> sampled)
      : shared_{shared}, probe_{probe}, sampled_{std::move(sampled)}, event_{executor} {}

  /// Samples until the run has ended.
  Awaitable<void> run();
  /// To be called after RunState::end().
  void end() { event_.set(); }

  /// Counts the rows that are left at the end of a run.
  Awaitable<void> count_what_remains();

  /// The last sample, if there was one.
  [[nodiscard]] const std::optional<BacklogSample>& last() const { return last_; }

 private:
  /// Returns whether the store could be reached.
  Awaitable<bool> sample();

  Shared shared_;
  BacklogProbe* probe_;
  std::function<void(const BacklogSample&)> sampled_;
  AutoResetEvent event_;
  std::optional<BacklogSample> last_;
};

}  // namespace outboxd::dispatch
