// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/settings.hpp"
#include "daemon/exit_status.hpp"
#include "daemon/once_report.hpp"
#include "dispatch/dispatcher.hpp"
#include "http/server.hpp"
#include "postgres/row_store.hpp"
#include "redis/publisher.hpp"
#include "system/signals.hpp"
#include "telemetry/dispatcher_observer.hpp"
#include "telemetry/metrics.hpp"
#include "telemetry/progress.hpp"
#include "telemetry/readiness.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <random>
#include <string_view>

namespace outboxd::daemon {

/// How `outboxd run` was called.
struct RunMode {
  bool once = false;
  std::optional<std::chrono::milliseconds> once_timeout;
};

/// The composition root: settings → objects → start and stop order, on one event loop.
class Application {
 public:
  /// Throws std::exception for what can't work, such as an address in use.
  Application(const config::Settings& settings, RunMode mode);

  /// Works until it is told to stop, or, with `once`, until the backlog has had its turn.
  ExitStatus run();

  /// With `once`: how it went; after run().
  [[nodiscard]] OnceResult once_result() const;

 private:
  boost::asio::awaitable<void> main();
  boost::asio::awaitable<bool> table_is_fit();
  boost::asio::awaitable<bool> wait_for_postgres(std::string reason);
  boost::asio::awaitable<void> show_progress();
  boost::asio::awaitable<void> feed_watchdog();
  void serve_http();
  void stop(std::string_view signal);
  void end_anyway_after(std::chrono::milliseconds time);
  void finish();
  void log_tally() const;
  [[nodiscard]] std::optional<dispatch::TimePoint> once_deadline() const;

  const config::Settings& settings_;
  RunMode mode_;
  std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
  ExitStatus status_ = kDone;
  bool stopping_ = false;
  std::string gave_up_because_;

  boost::asio::io_context loop_{1};
  std::mt19937_64 random_{std::random_device{}()};
  telemetry::Metrics metrics_;
  telemetry::Readiness readiness_;
  telemetry::DispatcherObserver observer_;
  telemetry::Progress progress_;
  dispatch::SystemClock clock_;
  dispatch::Alarm start_alarm_;
  Backoff start_backoff_;
  postgres::RowStore store_;
  redis::Publisher publisher_;
  dispatch::Dispatcher dispatcher_;
  boost::asio::steady_timer progress_timer_;
  boost::asio::steady_timer watchdog_timer_;
  boost::asio::steady_timer hard_stop_timer_;
  std::unique_ptr<http::Server> server_;
  std::unique_ptr<system::Signals> signals_;
};

}  // namespace outboxd::daemon
