// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/settings.hpp"
#include "daemon/once_report.hpp"
#include "daemon/run_mode.hpp"
#include "daemon/start_waits.hpp"
#include "dispatch/dispatcher.hpp"
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

/// What the dispatchers of a process share. All that it refers to must outlive them.
struct Surroundings {
  boost::asio::any_io_executor loop;
  telemetry::Metrics& metrics;
  telemetry::Readiness& readiness;
  /// Uniform in [0, 1).
  std::function<double()> random;
  /// Called for a Redis server's settings that endanger events.
  std::function<void(const std::string&)> warn_of_server;
  /// Called from any thread when a server could not be connected to: a secret may have changed.
  std::function<void()> could_not_connect;
};

/// One configured dispatcher with everything of its own: connections, back-offs, readiness, series and tally. What it
/// waits for holds up no other dispatcher.
class DispatcherService {
 public:
  /// `worker`: as RowStoreOptions has it. Throws std::invalid_argument for settings that can't work.
  DispatcherService(const config::Settings& settings, std::string worker, const RunMode& mode,
                    Surroundings surroundings);

  /// Works until it is told to stop, or, with `once`, until the backlog has had its turn. Waits for Postgres, and
  /// (unless `once`) for a table that can't be driven yet. Ends with a line of its tally in the log.
  boost::asio::awaitable<void> run();

  /// Claims nothing more, and finishes what is in flight within its shutdown time-out. Nothing where run() has ended.
  void stop();

  /// Goes on with what of these settings can be changed while it works (changes.hpp).
  void use(const config::Settings& now);

  /// Doesn't wait to look at a server or a table again.
  void look_again() { waits_.look_again(); }

  /// Time goes by; to be called each second.
  void beat() { telemetry_.beat(); }

  /// How it went, or how it goes so far.
  [[nodiscard]] OnceResult result() const;

  /// One line for the log, unless run() has written it.
  void log_tally_if_unfinished() const;

 private:
  /// What works on one table.
  struct Parts {
    Parts(const config::Settings& settings, const std::string& worker, const RunMode& mode,
          const Surroundings& surroundings, dispatch::Clock& clock, dispatch::Observer& observer);

    outbox_store::RowStore store;
    redis::Publisher publisher;
    dispatch::Dispatcher dispatcher;
  };

  void make_parts();
  boost::asio::awaitable<bool> table_is_fit();
  /// True once it is known which table is meant, and it can be driven as far as is known.
  boost::asio::awaitable<bool> table_is_chosen();
  boost::asio::awaitable<void> wait_for_postgres(std::string reason);
  boost::asio::awaitable<void> wait_for_table(std::vector<std::string> problems);
  [[nodiscard]] const std::string& name() const { return settings_.dispatcher.name; }
  void log_tally() const;

  config::Settings settings_;
  std::string worker_;
  RunMode mode_;
  Surroundings surroundings_;
  bool stopping_ = false;
  bool chose_table_ = false;
  std::string gave_up_because_;
  /// What the table lacked when it was last looked at.
  std::vector<std::string> problems_;
  std::optional<std::chrono::steady_clock::time_point> ended_at_;

  telemetry::DispatcherTelemetry telemetry_;
  dispatch::SystemClock clock_;
  StartWaits waits_;
  std::unique_ptr<Parts> parts_;
};

}  // namespace outboxd::daemon
