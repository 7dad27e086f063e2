// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/auto_reset_event.hpp"
#include "dispatch/ports.hpp"
#include "outbox/backoff.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <functional>
#include <utility>

namespace outboxd::daemon {

/// The waits of a starting dispatcher until it checks an unreachable Postgres, or an unfit table, again.
class StartWaits {
 public:
  /// `clock` must outlive this object. `random`: uniform in [0, 1).
  StartWaits(dispatch::Clock& clock, const boost::asio::any_io_executor& loop, std::function<double()> random,
             std::chrono::milliseconds shortest, std::chrono::milliseconds longest);

  boost::asio::awaitable<void> for_postgres() { return wait(postgres_); }
  boost::asio::awaitable<void> for_table() { return wait(table_); }
  /// Resets the back-off for Postgres.
  void postgres_answered() { postgres_.reset(); }
  /// Ends the current wait at once.
  void look_again() { event_.set(); }

 private:
  boost::asio::awaitable<void> wait(Backoff& backoff);

  dispatch::Clock& clock_;
  std::function<double()> random_;
  dispatch::AutoResetEvent event_;
  Backoff postgres_;
  Backoff table_;
};

}  // namespace outboxd::daemon
