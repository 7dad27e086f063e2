// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/loader.hpp"
#include "daemon/changes.hpp"
#include "daemon/dispatcher_service.hpp"
#include "daemon/http_endpoint.hpp"
#include "daemon/once_report.hpp"
#include "daemon/pulse.hpp"
#include "daemon/reload.hpp"
#include "daemon/run_mode.hpp"
#include "daemon/unsigned_notice.hpp"
#include "system/signals.hpp"
#include "system/standard_error_file.hpp"
#include "telemetry/line_rate.hpp"
#include "telemetry/metrics.hpp"
#include "telemetry/progress.hpp"
#include "telemetry/readiness.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace outboxd::daemon {

/// The composition root: settings → objects → start and stop order, for all dispatchers on one event loop.
class Application {
 public:
  /// `read_again` reads the configuration that `loaded` was read from, and registers its secrets; it is called on
  /// another thread. Throws std::exception for what can't work.
  Application(config::Loaded loaded, const RunMode& mode, std::function<config::Loaded()> read_again);

  /// Works until it is told to stop, or, with `once`, until the backlogs have had their turn.
  void run();

  /// With `once`: how it went for each dispatcher, in the order of the settings; after run().
  [[nodiscard]] std::vector<OnceResult> once_results() const;

 private:
  [[nodiscard]] Surroundings surroundings();
  boost::asio::awaitable<void> show_progress();
  boost::asio::awaitable<void> feed_watchdog();
  void serve_http();
  void stop(std::string_view signal);
  void end_anyway_after(std::chrono::milliseconds time);
  void hang_up();
  /// From any thread.
  void could_not_connect();
  void take_over(Wanted wanted, const config::Loaded& now);
  void service_ended(const std::exception_ptr& error);
  void finish();
  /// A timer that has just run out can't be cancelled any more.
  [[nodiscard]] bool has_finished() const { return working_lanes_ == 0; }

  config::Loaded loaded_;
  RunMode mode_;
  bool stopping_ = false;
  system::StandardErrorFile log_file_;

  boost::asio::io_context loop_{1};
  std::mt19937_64 random_{std::random_device{}()};
  telemetry::Metrics metrics_;
  telemetry::Readiness readiness_;
  telemetry::Progress progress_;
  /// Dispatchers that share a server would each say the same of it.
  std::set<std::string> warned_of_;
  std::vector<std::unique_ptr<DispatcherService>> services_;
  std::size_t working_lanes_ = 0;
  boost::asio::steady_timer progress_timer_;
  boost::asio::steady_timer watchdog_timer_;
  boost::asio::steady_timer hard_stop_timer_;
  UnsignedNotice unsigned_notice_;
  Pulse pulse_;
  std::unique_ptr<HttpEndpoint> server_;
  Reload reload_;
  telemetry::LineRate lines_of_bad_reloads_;
  std::unique_ptr<system::Signals> signals_;
};

}  // namespace outboxd::daemon
