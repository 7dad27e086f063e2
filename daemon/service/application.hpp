// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/loader.hpp"
#include "daemon/service/http_endpoint.hpp"
#include "daemon/service/once_progress.hpp"
#include "daemon/service/once_report.hpp"
#include "daemon/service/reload.hpp"
#include "daemon/service/reload_log.hpp"
#include "daemon/service/run_mode.hpp"
#include "daemon/service/services.hpp"
#include "daemon/service/signing_notice.hpp"
#include "daemon/service/ticker.hpp"
#include "daemon/settings/changes.hpp"
#include "system/signals.hpp"
#include "system/standard_error_file.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace outboxd::daemon {

/// The composition root: creates all objects from the settings, and starts and stops all dispatchers on one event
/// loop.
class Application {
 public:
  /// `read_again` reads the same configuration again and registers its secrets; it is called on another thread.
  /// Throws std::exception for settings that can't work.
  Application(config::Loaded loaded, const RunMode& mode, std::function<config::Loaded()> read_again);

  /// Runs until a stop signal; with `once`, until the backlogs are drained.
  void run();

  /// With `once`: the result of each dispatcher, in the order of the settings. Call it after run().
  [[nodiscard]] std::vector<OnceResult> once_results() const { return services_.results(); }

 private:
  void serve_http();
  void stop(std::string_view signal);
  void end_anyway_after(std::chrono::milliseconds time);
  void hang_up();
  void reopen_moved_log();
  /// Called from any thread.
  void could_not_connect();
  void take_over(ReloadScope wanted, const config::Loaded& now);
  void finish();

  config::Loaded loaded_;
  RunMode mode_;
  bool stopping_ = false;
  system::StandardErrorFile log_file_;

  boost::asio::io_context loop_{1};
  Services services_;
  SigningNotice signing_notice_;
  Ticker ticker_;
  std::optional<Ticker> watchdog_;
  std::optional<OnceProgress> progress_;
  boost::asio::steady_timer hard_stop_timer_;
  std::unique_ptr<HttpEndpoint> server_;
  Reload reload_;
  ReloadLog reload_log_;
  std::unique_ptr<system::Signals> signals_;
};

}  // namespace outboxd::daemon
