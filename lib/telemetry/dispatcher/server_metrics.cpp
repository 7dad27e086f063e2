// SPDX-License-Identifier: Apache-2.0
#include "telemetry/dispatcher/server_metrics.hpp"

namespace outboxd::telemetry {

ServerMetrics::ServerMetrics(const DispatcherSeries& series) {
  auto& up =
      series.gauges("outboxd_server_up",
                    "1 if the server answered the dispatcher's last request, even with a refusal; 0 if it could "
                    "not be reached, refused the login, or has not been asked yet.");
  auto& answered_at =
      series.gauges("outboxd_server_answered_timestamp_seconds",
                    "When the server last did what the dispatcher asked for; 0: never. Redis is asked "
                    "for nothing while no rows are due.");
  auto& reconnects = series.counters("outboxd_reconnects_total", "New connections after one was lost.");
  for (const auto server : {Server::postgres, Server::redis}) {
    const auto labels = series.labels("server", to_string(server));
    of(server) = {&up.Add(labels), &answered_at.Add(labels), &reconnects.Add(labels)};
  }
}

void ServerMetrics::server_answered(Server server, bool reconnected) {
  auto& [up, answered_at, reconnects] = of(server);
  up->Set(1);
  answered_at->Set(unix_seconds_now());
  if (reconnected) reconnects->Increment();
}

void ServerMetrics::server_failed(Server server, Obstacle obstacle) {
  const bool is_down = obstacle == Obstacle::unreachable || obstacle == Obstacle::login_refused;
  of(server).up->Set(is_down ? 0 : 1);
}

}  // namespace outboxd::telemetry
