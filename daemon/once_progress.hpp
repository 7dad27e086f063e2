// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "daemon/pulse.hpp"
#include "telemetry/progress.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <functional>
#include <string>

namespace outboxd::daemon {

/// Shows a person at a terminal how far the dispatchers of `--once` are, until it is stopped.
class OnceProgress {
 public:
  OnceProgress(const boost::asio::any_io_executor& executor, std::function<std::string()> line)
      : pulse_{executor, [this, line = std::move(line)] { progress_.show(line()); }, kEach, kEach} {}

  void stop() {
    pulse_.stop();
    progress_.clear();
  }

 private:
  static constexpr std::chrono::milliseconds kEach{200};

  telemetry::Progress progress_;
  Pulse pulse_;
};

}  // namespace outboxd::daemon
