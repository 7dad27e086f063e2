// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/loader.hpp"
#include "daemon/exit_status.hpp"
#include "daemon/http_endpoint.hpp"
#include "daemon/lane.hpp"
#include "daemon/once_report.hpp"
#include "daemon/pulse.hpp"
#include "daemon/run_mode.hpp"
#include "daemon/unsigned_notice.hpp"
#include "system/signals.hpp"
#include "telemetry/metrics.hpp"
#include "telemetry/progress.hpp"
#include "telemetry/readiness.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstddef>
#include <exception>
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
  /// `loaded` must outlive it. Throws std::exception for what can't work, such as an address in use.
  Application(const config::Loaded& loaded, const RunMode& mode);

  /// Works until it is told to stop, or, with `once`, until the backlogs have had their turn. Without `once` it ends
  /// by itself, with kCouldNotWork, when no dispatcher's table can be driven.
  ExitStatus run();

  /// With `once`: how it went for each dispatcher, in the order of the settings; after run().
  [[nodiscard]] std::vector<OnceResult> once_results() const;

 private:
  [[nodiscard]] Surroundings surroundings();
  boost::asio::awaitable<void> show_progress();
  boost::asio::awaitable<void> feed_watchdog();
  void serve_http();
  void stop(std::string_view signal);
  void end_anyway_after(std::chrono::milliseconds time);
  void give_up_if_no_table_is_fit();
  void lane_ended(const std::exception_ptr& error);
  void finish();

  const config::Loaded& loaded_;
  RunMode mode_;
  ExitStatus status_ = kDone;

  boost::asio::io_context loop_{1};
  std::mt19937_64 random_{std::random_device{}()};
  telemetry::Metrics metrics_;
  telemetry::Readiness readiness_;
  telemetry::Progress progress_;
  /// Dispatchers that share a server would each say the same of it.
  std::set<std::string> warned_of_;
  std::vector<std::unique_ptr<Lane>> lanes_;
  std::size_t working_lanes_ = 0;
  boost::asio::steady_timer progress_timer_;
  boost::asio::steady_timer watchdog_timer_;
  boost::asio::steady_timer hard_stop_timer_;
  UnsignedNotice unsigned_notice_;
  Pulse pulse_;
  std::unique_ptr<HttpEndpoint> server_;
  std::unique_ptr<system::Signals> signals_;
};

}  // namespace outboxd::daemon
