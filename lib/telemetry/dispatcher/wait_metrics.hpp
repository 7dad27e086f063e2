// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/observer.hpp"
#include "telemetry/dispatcher/series.hpp"

#include <array>
#include <map>
#include <optional>
#include <string>
#include <utility>

namespace outboxd::telemetry {

/// For what the dispatcher waits as a whole, why, and since when.
class WaitMetrics final : public dispatch::Observer {
 public:
  explicit WaitMetrics(const DispatcherSeries& series);

  void server_failed(Server server, Obstacle obstacle) override;
  void health(dispatch::Health health, std::string_view reason) override;

 private:
  /// What is waited for, e.g. "redis", and why.
  using Wait = std::pair<std::string, Obstacle>;
  struct Gauges {
    prometheus::Gauge* waits;
    prometheus::Gauge* since;
  };

  void add(const char* what, Obstacle obstacle);
  [[nodiscard]] std::optional<Wait> wait() const;
  void update();

  DispatcherSeries series_;
  std::map<Wait, Gauges> gauges_;
  dispatch::Health health_ = dispatch::Health::starting;
  /// Why each server failed last.
  std::array<Obstacle, 2> obstacles_{Obstacle::unreachable, Obstacle::unreachable};
  std::optional<Wait> shown_;
};

}  // namespace outboxd::telemetry
