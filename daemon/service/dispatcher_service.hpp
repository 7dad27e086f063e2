// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/settings.hpp"
#include "daemon/service/once_report.hpp"
#include "daemon/service/run_mode.hpp"
#include "daemon/service/start_waits.hpp"
#include "daemon/service/streams_watch.hpp"
#include "dispatch/dispatcher.hpp"
#include "dispatch/observers.hpp"
#include "outbox_store/row_store.hpp"
#include "redis/publisher.hpp"
#include "telemetry/dispatcher_telemetry.hpp"
#include "telemetry/metrics.hpp"
#include "telemetry/readiness.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace outboxd::daemon {

/// The objects that all dispatchers of a process share; they must outlive the dispatchers.
struct SharedServices {
  boost::asio::any_io_executor loop;
  telemetry::Metrics& metrics;
  telemetry::Readiness& readiness;
  StreamsWatch& streams;
  /// Uniform in [0, 1).
  std::function<double()> random;
  /// Called for each setting of a Redis server that endangers events.
  std::function<void(const std::string&)> warn_of_server;
  /// Called from any thread when a server could not be connected to, as a password may have changed.
  std::function<void()> could_not_connect;
};

/// One configured dispatcher with its own connections, back-offs, readiness, metrics and tally. While it waits, other
/// dispatchers go on.
class DispatcherService {
 public:
  /// `worker`: see RowStoreOptions. Throws std::invalid_argument for settings that can't work.
  DispatcherService(const config::Settings& settings, std::string worker, const RunMode& mode, SharedServices shared);

  /// Runs until stop(); with `once`, until the backlog is drained. Waits until Postgres is reachable and, without
  /// `once`, until the table can be used. At the end logs its tally.
  boost::asio::awaitable<void> run();

  /// Stops claiming, and finishes the rows in flight within the shutdown time-out. Does nothing after run() has
  /// ended.
  void stop();

  /// Takes over those of these settings that can change while the dispatcher runs (changes.hpp).
  void use(const config::Settings& now);

  /// Retries a server or a table now instead of after the back-off.
  void look_again() { waits_.look_again(); }

  /// To be called each second.
  void tick() { telemetry_.beat(); }

  /// The result, or the progress so far.
  [[nodiscard]] OnceResult result() const;

  /// Logs the tally, unless run() has logged it.
  void log_tally_if_unfinished() const;

 private:
  /// The source, the sink and the dispatcher of one table.
  struct Pipeline {
    Pipeline(const config::Settings& settings, const std::string& worker, const RunMode& mode,
             const SharedServices& shared, dispatch::Clock& clock, dispatch::Observer& observer);

    dispatch::Observers observers;
    outbox_store::RowStore store;
    redis::Publisher publisher;
    dispatch::Dispatcher dispatcher;
  };

  void make_pipeline();
  boost::asio::awaitable<bool> table_is_fit();
  /// Returns true when the table is chosen (default_table.hpp).
  boost::asio::awaitable<bool> table_is_chosen();
  boost::asio::awaitable<void> wait_for_postgres(dispatch::StoreError error);
  boost::asio::awaitable<void> wait_for_table(std::vector<std::string> problems);
  [[nodiscard]] const std::string& name() const { return settings_.dispatcher.name; }
  void log_tally() const;

  config::Settings settings_;
  std::string worker_;
  RunMode mode_;
  SharedServices shared_;
  bool stopping_ = false;
  bool chose_table_ = false;
  std::string gave_up_because_;
  /// Why the table could not be used at the last inspection.
  std::vector<std::string> problems_;
  std::optional<std::chrono::steady_clock::time_point> ended_at_;

  telemetry::DispatcherTelemetry telemetry_;
  dispatch::SystemClock clock_;
  StartWaits waits_;
  std::unique_ptr<Pipeline> pipeline_;
};

}  // namespace outboxd::daemon
