// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

namespace outboxd::system {

/// Notices SIGINT, SIGTERM and SIGHUP while it exists, for a command that works in steps and has no event loop: it
/// ends after its current step. A second signal ends the process at once. One at a time.
class StopRequest {
 public:
  StopRequest();
  ~StopRequest();
  StopRequest(const StopRequest&) = delete;
  StopRequest& operator=(const StopRequest&) = delete;

  /// Waits for that time, or until such a signal has come; returns whether one has.
  [[nodiscard]] bool wait(std::chrono::milliseconds time) const;
};

}  // namespace outboxd::system
