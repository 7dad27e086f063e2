// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/settings.hpp"
#include "http/server.hpp"
#include "telemetry/log_rate_limiter.hpp"
#include "telemetry/metrics.hpp"
#include "telemetry/readiness.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <prometheus/counter.h>

#include <cstddef>
#include <optional>
#include <string>

namespace outboxd::daemon {

/// Serves `/metrics`, `/healthz` and `/readyz` of the process. Warns at the start if settings expose them.
class HttpEndpoint {
 public:
  /// `dispatchers`: the number of dispatchers, for which descriptors are left free. All references must outlive this
  /// object.
  HttpEndpoint(const boost::asio::any_io_executor& executor, const config::HttpSettings& settings,
               std::size_t dispatchers, telemetry::Metrics& metrics, const telemetry::Readiness& readiness);

  /// Listens when it returns. If the address can't be used now, listening is retried each second until stop(). Throws
  /// http::ListenError if it is no valid address.
  void listen();

  /// As http::Server::use_bearer().
  void use_bearer(const std::string& bearer);

  /// As http::Server::stop().
  void stop();

 private:
  /// Returns false if the address can't be used now.
  bool try_to_listen();
  boost::asio::awaitable<void> try_until_it_listens();
  void token_was_wrong(const std::string& peer);

  boost::asio::any_io_executor executor_;
  std::string address_;
  std::string bearer_;
  std::size_t max_connections_;
  http::Routes routes_;
  bool stopping_ = false;
  boost::asio::steady_timer retry_timer_;
  telemetry::LogRateLimiter lines_of_failures_;

  prometheus::Counter& wrong_tokens_;
  telemetry::LogRateLimiter lines_of_wrong_tokens_;
  /// While it listens.
  std::optional<http::Server> server_;
};

/// The number of descriptors that a process with this many dispatchers needs, without those of HTTP connections.
[[nodiscard]] std::size_t descriptors_needed(std::size_t dispatchers);

}  // namespace outboxd::daemon
