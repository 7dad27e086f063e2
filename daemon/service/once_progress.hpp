// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "daemon/service/ticker.hpp"
#include "telemetry/progress.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <functional>
#include <string>

namespace outboxd::daemon {

/// Shows the progress line of `--once` on a terminal until stop().
class OnceProgress {
 public:
  OnceProgress(const boost::asio::any_io_executor& executor, std::function<std::string()> line)
      : ticker_{executor, [this, line = std::move(line)] { progress_.show(line()); }, kEach, kEach} {}

  void stop() {
    ticker_.stop();
    progress_.clear();
  }

 private:
  static constexpr std::chrono::milliseconds kEach{200};

  telemetry::Progress progress_;
  Ticker ticker_;
};

}  // namespace outboxd::daemon
