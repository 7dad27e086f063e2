// SPDX-License-Identifier: Apache-2.0
#include "telemetry/dispatcher/wait_metrics.hpp"

namespace outboxd::telemetry {
namespace {

constexpr const char* kTable = "table";

}  // namespace

WaitMetrics::WaitMetrics(const DispatcherSeries& series) : series_{series} {
  for (const auto obstacle : kObstaclesOfRedis) add(to_string(Server::redis), obstacle);
  for (const auto obstacle : kObstaclesOfPostgres) {
    if (obstacle != Obstacle::unfit) add(to_string(Server::postgres), obstacle);
  }
  add(kTable, Obstacle::unfit);
}

void WaitMetrics::add(const char* what, Obstacle obstacle) {
  auto& waits = series_.gauges("outboxd_waiting", "1 while the dispatcher waits for this, for this reason.");
  auto& since = series_.gauges("outboxd_waiting_since_timestamp_seconds",
                               "Since when the dispatcher has waited for this, for this reason; 0: it doesn't.");
  auto labels = series_.labels("for", what);
  labels.emplace("reason", to_string(obstacle));
  gauges_[{what, obstacle}] = {&waits.Add(labels), &since.Add(labels)};
}

void WaitMetrics::server_failed(Server server, Obstacle obstacle) {
  obstacles_.at(static_cast<std::size_t>(server)) = obstacle;
  update();
}

void WaitMetrics::health(dispatch::Health health, std::string_view /*reason*/) {
  health_ = health;
  update();
}

std::optional<WaitMetrics::Wait> WaitMetrics::wait() const {
  using dispatch::Health;
  switch (health_) {
    case Health::redis_unavailable:
      return Wait{to_string(Server::redis), obstacles_[static_cast<std::size_t>(Server::redis)]};
    case Health::postgres_unavailable: {
      const auto obstacle = obstacles_[static_cast<std::size_t>(Server::postgres)];
      const bool is_login = obstacle == Obstacle::login_refused;
      return Wait{to_string(Server::postgres), is_login ? obstacle : Obstacle::unreachable};
    }
    case Health::writes_refused:
      return Wait{to_string(Server::postgres), Obstacle::refused};
    case Health::table_unfit:
      return Wait{kTable, Obstacle::unfit};
    case Health::starting:
    case Health::working:
    case Health::stopping:
      break;
  }
  return std::nullopt;
}

void WaitMetrics::update() {
  auto now = wait();
  if (now == shown_) return;
  if (shown_) {
    const auto& [waits, since] = gauges_.at(*shown_);
    waits->Set(0);
    since->Set(0);
  }
  shown_ = std::move(now);
  if (!shown_) return;
  const auto& [waits, since] = gauges_.at(*shown_);
  waits->Set(1);
  since->Set(unix_seconds_now());
}

}  // namespace outboxd::telemetry
