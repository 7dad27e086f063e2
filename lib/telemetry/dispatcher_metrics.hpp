// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/observer.hpp"
#include "telemetry/by_stream.hpp"
#include "telemetry/last_minute.hpp"
#include "telemetry/metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace outboxd::telemetry {

/// Counts what one dispatcher says, as series labelled `{dispatcher="name"}`. All of them exist from the start, since
/// a counter that appears with its first event hides that event from `rate()`.
class DispatcherMetrics : public dispatch::Observer {
 public:
  /// `streams`: those known from the settings; others get their series when they first appear.
  DispatcherMetrics(Metrics& metrics, const std::string& dispatcher, const std::vector<std::string>& streams);

  void claimed(std::size_t rows, std::chrono::nanoseconds took) override;
  void wrote(std::size_t entries, std::chrono::nanoseconds took) override;
  void settled(std::size_t rows, std::size_t leases_lost, std::chrono::nanoseconds took) override;
  void published(std::string_view stream, std::size_t rows) override;
  void failed(std::string_view stream, Fault fault, std::string_view reason) override;
  void retried() override;
  void released(bool for_later) override;
  void died(std::string_view id, std::string_view stream, Fault fault, std::string_view reason) override;
  void possible_duplicate() override;
  void reserved_fields_dropped(std::string_view stream, std::size_t fields) override;
  void ambiguous_entry(std::string_view id, std::string_view stream, std::string_view why, bool dead) override;
  void stream_blocked(std::string_view stream, std::string_view reason, std::size_t blocked) override;
  void stream_freed(std::string_view stream, std::chrono::nanoseconds after, std::size_t blocked) override;
  void refused_by_store(std::span<const dispatch::RefusedRow> rows) override;
  void held_up(std::size_t rows) override;
  void wake_ups(bool there) override;
  void woken() override;
  void freed_rows_of(std::string_view worker) override;
  void looks_are_slow(const dispatch::SlowLook& look) override;
  void sampled(const dispatch::BacklogSample& sample) override;
  void sample_failed(std::string_view reason) override;
  void health(dispatch::Health health, std::string_view reason) override;

 protected:
  /// Events of the last minute grow old with time alone.
  void count_last_minute(std::size_t published);

 private:
  struct StringHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };

  prometheus::Gauge& gauge(const char* name, const char* help);
  prometheus::Counter& counter(const char* name, const char* help);
  prometheus::Histogram& seconds(const char* name, const char* help);
  prometheus::Counter& published_of(std::string_view stream);

  prometheus::Registry& registry_;
  const prometheus::Labels labels_;

  prometheus::Gauge& pending_rows_;
  prometheus::Gauge& due_rows_;
  prometheus::Gauge& delayed_rows_;
  prometheus::Gauge& oldest_pending_age_;
  prometheus::Gauge& dead_rows_;
  prometheus::Gauge& sample_timestamp_;
  prometheus::Gauge& held_up_rows_;
  prometheus::Gauge& locked_rows_;
  prometheus::Gauge& ready_;
  prometheus::Gauge& blocked_streams_;
  prometheus::Gauge& published_last_minute_;
  prometheus::Gauge& has_wake_ups_;
  prometheus::Gauge& slow_look_;
  prometheus::Counter& wake_ups_;
  prometheus::Counter& claimed_;
  prometheus::Counter& retries_;
  prometheus::Counter& released_;
  prometheus::Counter& dead_;
  prometheus::Counter& possible_duplicates_;
  prometheus::Counter& leases_lost_;
  prometheus::Counter& refused_by_postgres_;
  prometheus::Counter& sample_failures_;
  prometheus::Counter& dead_workers_;
  prometheus::Counter& reserved_fields_dropped_;
  prometheus::Counter& ambiguous_entries_;
  prometheus::Histogram& claim_seconds_;
  prometheus::Histogram& publish_seconds_;
  prometheus::Histogram& settle_seconds_;
  prometheus::Histogram& batch_rows_;

  /// By the fault's number; null for Fault::none.
  std::array<prometheus::Counter*, static_cast<std::size_t>(Fault::stopping) + 1> failures_{};

  prometheus::Family<prometheus::Counter>& published_family_;
  prometheus::Counter& published_elsewhere_;
  ByStream failures_by_stream_;
  ByStream dead_by_stream_;
  std::map<dispatch::SnapshotHolder, prometheus::Gauge*> held_for_;
  LastMinute last_minute_;
  std::unordered_map<std::string, prometheus::Counter*, StringHash, std::equal_to<>> published_;
};

}  // namespace outboxd::telemetry
