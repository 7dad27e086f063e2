// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "telemetry/dispatcher_metrics.hpp"
#include "telemetry/line_rate.hpp"
#include "telemetry/readiness.hpp"

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace outboxd::telemetry {

/// The observer of a dispatcher of the daemon: counts, and tells each change of state to `/readyz` and, in one line,
/// to the log.
class DispatcherObserver final : public DispatcherMetrics {
 public:
  /// The dispatcher is "starting" for `readiness` from here on. Both references must outlive this object.
  DispatcherObserver(Metrics& metrics, Readiness& readiness, std::string dispatcher,
                     const std::vector<std::string>& streams);

  void health(dispatch::Health health, std::string_view reason) override;
  void failed(std::string_view stream, Fault fault, std::string_view reason) override;
  void died(std::string_view id, std::string_view stream, std::string_view reason) override;
  void settled(std::size_t rows, std::size_t leases_lost, std::chrono::nanoseconds took) override;
  void stream_blocked(std::string_view stream, std::string_view reason, std::size_t blocked) override;
  void stream_freed(std::string_view stream, std::chrono::nanoseconds after, std::size_t blocked) override;
  void refused_by_store(std::span<const dispatch::RefusedRow> rows) override;
  void wake_ups(bool there) override;
  void looks_are_slow(const dispatch::SlowLook& look) override;
  void freed_rows_of(std::string_view worker) override;
  void reserved_fields_dropped(std::string_view stream, std::size_t fields) override;
  void ambiguous_entry(std::string_view id, std::string_view stream, std::string_view why, bool dead) override;

 private:
  Readiness& readiness_;
  const std::string dispatcher_;
  std::optional<dispatch::Health> logged_;
  std::optional<std::chrono::steady_clock::time_point> waits_since_;
  void log_health(dispatch::Health health, const std::string& description);
  void note_blocked_streams(std::size_t blocked);

  LineRate lines_of_refusals_;
  LineRate lines_of_blocked_;
  LineRate lines_of_freed_;
  LineRate lines_of_the_dead_;
  LineRate lines_of_held_up_;
  LineRate lines_of_short_leases_;
  LineRate lines_of_dead_workers_;
  LineRate lines_of_lost_leases_;
  OutageRate outage_lines_;
  bool logged_reserved_ = false;
  LineRate lines_of_ambiguous_entries_{std::chrono::hours{1}};
  /// The blocked streams, of which BlockedStreams::kMost is the largest number, and why each is.
  std::map<std::string, std::string, std::less<>> blocked_;
};

}  // namespace outboxd::telemetry
