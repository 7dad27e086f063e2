// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "daemon/commands/exit_status.hpp"
#include "dispatch/observer.hpp"
#include "dispatch/tally.hpp"

#include <chrono>
#include <optional>
#include <span>
#include <string>

namespace outboxd::daemon {

/// The result of `outboxd --once` for one dispatcher.
struct OnceResult {
  std::string dispatcher;
  dispatch::Tally tally;
  /// The backlog at the end; empty if it could not be counted.
  std::optional<dispatch::BacklogSample> backlog;
  /// Why the dispatcher ended before the backlog was drained; empty if it didn't.
  std::string abort_reason;
  std::chrono::duration<double> took{0};
};

[[nodiscard]] ExitStatus exit_status_of(const OnceResult& result);

/// The status for all dispatchers together: kDone if all are done, kCouldNotWork if none could work, else
/// kIncomplete.
[[nodiscard]] ExitStatus exit_status_of(std::span<const OnceResult> results);

/// The counts as a JSON object on one line, without a line end.
[[nodiscard]] std::string json_line_of(const OnceResult& result);

/// The progress line on a terminal, for all dispatchers together: published rows, rate and remaining rows. `so_far`
/// must not be empty.
[[nodiscard]] std::string progress_line_of(std::span<const OnceResult> so_far);

}  // namespace outboxd::daemon
