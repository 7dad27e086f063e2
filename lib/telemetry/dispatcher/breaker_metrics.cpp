// SPDX-License-Identifier: Apache-2.0
#include "telemetry/dispatcher/breaker_metrics.hpp"

#include <algorithm>
#include <utility>

namespace outboxd::telemetry {
namespace {

std::size_t number_of(std::string_view obstacle) {
  return static_cast<std::size_t>(std::ranges::find(kStreamObstacles, obstacle) - kStreamObstacles.begin());
}

/// `streams`: those with series from the start, beside the others.
ByStreamLabels stream_labels(const DispatcherSeries& series, std::vector<std::string> streams) {
  ByStreamLabels labels{.all = series.labels(), .streams = std::move(streams), .reasons = {}, .from_start = {}};
  for (const auto* reason : kStreamObstacles) {
    labels.from_start.push_back(labels.reasons.size());
    labels.reasons.emplace_back(reason);
  }
  return labels;
}

}  // namespace

BreakerMetrics::BreakerMetrics(const DispatcherSeries& series)
    : stream_open_{series.gauges("outboxd_stream_breaker_open",
                                 "1 while the stream's rows wait, as Redis refuses it while it takes others; of the "
                                 "streams past 200 together (\"other\"), their number."),
                   stream_labels(series, {})},
      stream_seconds_{series.counters("outboxd_stream_breaker_open_seconds_total",
                                      "For how long the stream's rows have waited, as Redis refuses it."),
                      stream_labels(series, series.streams())} {
  auto& open = series.gauges("outboxd_breaker_open",
                             "1 while Redis takes no entries for this reason, so that no rows are claimed.");
  auto& seconds =
      series.counters("outboxd_breaker_open_seconds_total", "For how long Redis has taken no entries, by reason.");
  for (const auto obstacle : kObstaclesOfRedis) {
    const auto labels = series.labels("reason", to_string(obstacle));
    of_redis_[obstacle] = {&open.Add(labels), &seconds.Add(labels)};
  }
}

void BreakerMetrics::server_failed(Server server, Obstacle obstacle) {
  if (server != Server::redis) return;
  obstacle_ = obstacle;
  if (is_open_) show(obstacle);
}

void BreakerMetrics::breaker(bool open) {
  is_open_ = open;
  show(open ? obstacle_ : std::nullopt);
}

void BreakerMetrics::show(std::optional<Obstacle> reason) {
  if (reason == shown_) return;
  if (shown_) of_redis_.at(*shown_).open->Set(0);
  shown_ = reason;
  if (shown_) of_redis_.at(*shown_).open->Set(1);
}

void BreakerMetrics::stream_blocked(std::string_view stream, std::string_view reason, std::size_t /*blocked*/) {
  const auto number = number_of(stream_obstacle_in(reason));
  const auto [known, is_new] = blocked_.try_emplace(std::string{stream}, number);
  if (!is_new) stream_open_.of(stream, std::exchange(known->second, number)).Decrement();
  stream_open_.of(stream, number).Increment();
}

void BreakerMetrics::stream_freed(std::string_view stream, std::chrono::nanoseconds /*after*/,
                                  std::size_t /*blocked*/) {
  const auto known = blocked_.find(stream);
  if (known == blocked_.end()) return;
  stream_open_.of(stream, known->second).Decrement();
  blocked_.erase(known);
}

void BreakerMetrics::beat(TimePoint now) {
  const auto since = std::exchange(counted_to_, now);
  if (!since) return;
  const auto seconds = std::max(0.0, in_seconds(now - *since));
  if (shown_) of_redis_.at(*shown_).seconds->Increment(seconds);
  for (const auto& [stream, reason] : blocked_) stream_seconds_.of(stream, reason).Increment(seconds);
}

}  // namespace outboxd::telemetry
