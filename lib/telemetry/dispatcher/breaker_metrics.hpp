// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/observer.hpp"
#include "telemetry/by_stream.hpp"
#include "telemetry/dispatcher/series.hpp"

#include <chrono>
#include <map>
#include <optional>
#include <string>

namespace outboxd::telemetry {

/// For which reasons, and for how long, the breaker of Redis as a whole is open, and those of single streams.
class BreakerMetrics final : public dispatch::Observer {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  explicit BreakerMetrics(const DispatcherSeries& series);

  void server_failed(Server server, Obstacle obstacle) override;
  void breaker(bool open) override;
  void stream_blocked(std::string_view stream, std::string_view reason, std::size_t blocked) override;
  void stream_freed(std::string_view stream, std::chrono::nanoseconds after, std::size_t blocked) override;

  /// To be called about once a second: adds the time since the last call.
  void beat(TimePoint now);

 private:
  struct OfReason {
    prometheus::Gauge* open = nullptr;
    prometheus::Counter* seconds = nullptr;
  };

  void show(std::optional<Obstacle> reason);

  std::map<Obstacle, OfReason> of_redis_;
  ByStream<prometheus::Gauge> stream_open_;
  ByStream<prometheus::Counter> stream_seconds_;
  bool is_open_ = true;
  /// Why Redis failed last.
  std::optional<Obstacle> obstacle_;
  std::optional<Obstacle> shown_;
  /// The number of each blocked stream's reason; there is a bound on the streams (BlockedStreams::kMost).
  std::map<std::string, std::size_t, std::less<>> blocked_;
  std::optional<TimePoint> counted_to_;
};

}  // namespace outboxd::telemetry
