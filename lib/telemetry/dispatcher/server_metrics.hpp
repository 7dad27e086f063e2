// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/observer.hpp"
#include "telemetry/dispatcher/series.hpp"

#include <array>

namespace outboxd::telemetry {

/// Whether the dispatcher's servers can be used, as of the last time that it asked them for something.
class ServerMetrics final : public dispatch::Observer {
 public:
  explicit ServerMetrics(const DispatcherSeries& series);

  void server_answered(Server server, bool reconnected) override;
  void server_failed(Server server, Obstacle obstacle) override;

 private:
  struct OfServer {
    prometheus::Gauge* up = nullptr;
    prometheus::Gauge* answered_at = nullptr;
    prometheus::Counter* reconnects = nullptr;
  };

  [[nodiscard]] OfServer& of(Server server) { return servers_.at(static_cast<std::size_t>(server)); }

  std::array<OfServer, 2> servers_{};
};

}  // namespace outboxd::telemetry
