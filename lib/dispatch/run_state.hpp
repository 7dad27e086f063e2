// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/auto_reset_event.hpp"
#include "dispatch/options.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

namespace outboxd::dispatch {

/// Whether a run goes on, and until when. Read by every stage.
class RunState {
 public:
  /// The clock must outlive it.
  RunState(const DispatcherOptions& options, const Clock& clock)
      : clock_{clock},
        shutdown_timeout_{options.shutdown_timeout},
        once_{options.once},
        once_deadline_{options.once_deadline} {}

  /// No more rows are to be claimed. False when stop() was called before.
  bool stop() {
    if (stop_deadline_) return false;
    stop_deadline_ = clock_.now() + shutdown_timeout_;
    return true;
  }
  [[nodiscard]] bool is_stopping() const { return stop_deadline_.has_value(); }

  /// With `once`: ends the run early. The first reason counts.
  void give_up(std::string reason) {
    if (gave_up_.empty()) gave_up_ = std::move(reason);
  }
  /// Empty when the run has not been given up.
  [[nodiscard]] const std::string& abort_reason() const { return gave_up_; }

  /// Whether no more rows are to be claimed. Gives up when the time limit is over.
  [[nodiscard]] bool claiming_is_over() {
    if (!stop_deadline_ && past_deadline()) give_up("the time given by --timeout is over");
    return stop_deadline_ || !gave_up_.empty();
  }

  /// When all work must end, if there is a limit: after stop(), or the deadline of `once`.
  [[nodiscard]] std::optional<TimePoint> deadline() const {
    if (stop_deadline_ && once_deadline_) return std::min(*stop_deadline_, *once_deadline_);
    return stop_deadline_ ? stop_deadline_ : once_deadline_;
  }
  [[nodiscard]] bool past_deadline() const {
    const auto when = deadline();
    return when && clock_.now() >= *when;
  }
  /// `until`, or the deadline of `once` if that is earlier.
  [[nodiscard]] TimePoint within_once(TimePoint until) const {
    return once_deadline_ ? std::min(until, *once_deadline_) : until;
  }

  [[nodiscard]] bool is_once() const { return once_; }
  /// With `once` and no time limit, the first outage ends the run.
  [[nodiscard]] bool waits_for_outages() const { return !once_ || once_deadline_.has_value(); }

  /// With `once`: only rows that were due at this store time are claimed; empty: not known yet, or no such limit.
  [[nodiscard]] const std::string& due_by() const { return due_by_; }
  /// A claim was made at this store time.
  void claimed_at(const std::string& store_time) {
    if (once_ && due_by_.empty()) due_by_ = store_time;
  }

  /// Every row has its outcome, and no more rows are claimed.
  void end() { ended_ = true; }
  [[nodiscard]] bool has_ended() const { return ended_; }

 private:
  const Clock& clock_;
  std::chrono::milliseconds shutdown_timeout_;
  bool once_;
  std::optional<TimePoint> once_deadline_;
  std::optional<TimePoint> stop_deadline_;
  std::string gave_up_;
  std::string due_by_;
  bool ended_ = false;
};

}  // namespace outboxd::dispatch
