// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/settings.hpp"
#include "http/server.hpp"
#include "telemetry/line_rate.hpp"
#include "telemetry/metrics.hpp"
#include "telemetry/readiness.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <prometheus/counter.h>

#include <cstddef>
#include <string>

namespace outboxd::daemon {

/// `/metrics`, `/healthz` and `/readyz` of the process. Warns at its start of what would expose them.
class HttpEndpoint {
 public:
  /// Listens when it returns. `dispatchers`: how many there are, whose descriptors it leaves them. All references
  /// must outlive it. Throws http::ListenError.
  HttpEndpoint(const boost::asio::any_io_executor& executor, const config::HttpSettings& settings,
               std::size_t dispatchers, telemetry::Metrics& metrics, const telemetry::Readiness& readiness);

  /// As http::Server::stop().
  void stop() { server_.stop(); }

 private:
  void token_was_wrong(const std::string& peer);

  prometheus::Counter& wrong_tokens_;
  telemetry::LineRate lines_of_wrong_tokens_;
  http::Server server_;
};

/// How many descriptors a process with so many dispatchers needs, but for HTTP connections.
[[nodiscard]] std::size_t descriptors_needed(std::size_t dispatchers);

}  // namespace outboxd::daemon
