// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "daemon/exit_status.hpp"
#include "dispatch/observer.hpp"
#include "dispatch/tally.hpp"

#include <chrono>
#include <optional>
#include <span>
#include <string>

namespace outboxd::daemon {

/// How an `outboxd --once` went for one dispatcher.
struct OnceResult {
  std::string dispatcher;
  dispatch::Tally tally;
  /// The backlog after the last row; nothing when it could not be counted.
  std::optional<dispatch::BacklogSample> backlog;
  /// Why it ended before the backlog had its turn; empty when it did not.
  std::string gave_up_because;
  std::chrono::duration<double> took{0};
};

[[nodiscard]] ExitStatus exit_status_of(const OnceResult& result);

/// Of all dispatchers together: done if all are, and that it could not work only if none could.
[[nodiscard]] ExitStatus exit_status_of(std::span<const OnceResult> results);

/// The counts as one JSON object on one line, without the line's end.
[[nodiscard]] std::string json_line_of(const OnceResult& result);

/// What a person sees while it works, of all dispatchers together: published, rate, what is left. At least one.
[[nodiscard]] std::string progress_line_of(std::span<const OnceResult> so_far);

}  // namespace outboxd::daemon
