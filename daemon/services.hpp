// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/loader.hpp"
#include "daemon/dispatcher_service.hpp"
#include "daemon/once_report.hpp"
#include "daemon/run_mode.hpp"
#include "telemetry/metrics.hpp"
#include "telemetry/readiness.hpp"

#include <boost/asio/io_context.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace outboxd::daemon {

/// The dispatchers of the process, and what they share.
class Services {
 public:
  /// `loop` outlives this. `could_not_connect`: as Surroundings has it. Throws std::invalid_argument for settings
  /// that can't work.
  Services(const std::vector<config::Settings>& dispatchers, const RunMode& mode, boost::asio::io_context& loop,
           std::function<void()> could_not_connect);

  /// Runs all of them; `ended` is called when the last one has ended.
  void start(const std::function<void()>& ended);
  [[nodiscard]] bool have_ended() const { return working_ == 0; }

  // As DispatcherService has it, for each of them:
  void stop();
  void beat();
  void look_again();
  void log_tallies_if_unfinished() const;
  /// `dispatchers`: in the order of the ones that these were made of.
  void use(const std::vector<config::Settings>& dispatchers);
  /// In the same order.
  [[nodiscard]] std::vector<OnceResult> results() const;

  [[nodiscard]] std::size_t size() const { return all_.size(); }
  [[nodiscard]] telemetry::Metrics& metrics() { return metrics_; }
  [[nodiscard]] telemetry::Readiness& readiness() { return readiness_; }

 private:
  [[nodiscard]] Surroundings surroundings(std::function<void()> could_not_connect);

  boost::asio::io_context& loop_;
  std::mt19937_64 random_{std::random_device{}()};
  telemetry::Metrics metrics_;
  telemetry::Readiness readiness_;
  /// Dispatchers that share a server would each say the same of it.
  std::set<std::string> warned_of_;
  std::vector<std::unique_ptr<DispatcherService>> all_;
  std::size_t working_ = 0;
};

}  // namespace outboxd::daemon
