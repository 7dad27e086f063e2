// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/loader.hpp"
#include "daemon/service/dispatcher_service.hpp"
#include "daemon/service/library_versions.hpp"
#include "daemon/service/once_report.hpp"
#include "daemon/service/run_mode.hpp"
#include "daemon/service/signing_metric.hpp"
#include "daemon/service/streams_watch.hpp"
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

/// The dispatchers of the process, and the objects that they share.
class Services {
 public:
  /// `loop` must outlive this object. `could_not_connect`: see SharedServices. Throws std::invalid_argument for
  /// settings that can't work.
  Services(const std::vector<config::Settings>& dispatchers, const RunMode& mode, boost::asio::io_context& loop,
           std::function<void()> could_not_connect);

  /// Runs all dispatchers; calls `ended` when the last one has ended.
  void start(const std::function<void()>& ended);
  [[nodiscard]] bool have_ended() const { return working_ == 0; }

  // Each calls its counterpart in every DispatcherService:
  void stop();
  void tick();
  void look_again();
  void log_tallies_if_unfinished() const;
  /// `dispatchers` must be in the order of those of the constructor.
  void use(const std::vector<config::Settings>& dispatchers);
  /// The results in the same order.
  [[nodiscard]] std::vector<OnceResult> results() const;

  [[nodiscard]] std::size_t size() const { return all_.size(); }
  [[nodiscard]] telemetry::Metrics& metrics() { return metrics_; }
  [[nodiscard]] telemetry::Readiness& readiness() { return readiness_; }

 private:
  [[nodiscard]] SharedServices shared_services(std::function<void()> could_not_connect);

  boost::asio::io_context& loop_;
  std::mt19937_64 random_{std::random_device{}()};
  telemetry::Metrics metrics_{library_versions()};
  SigningMetric signing_;
  telemetry::Readiness readiness_;
  StreamsWatch streams_;
  /// The warnings that were logged already, as several dispatchers may find the same problem of a shared server.
  std::set<std::string> warned_of_;
  std::vector<std::unique_ptr<DispatcherService>> all_;
  std::size_t working_ = 0;
};

}  // namespace outboxd::daemon
