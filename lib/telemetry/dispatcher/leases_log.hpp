// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "telemetry/digest.hpp"
#include "telemetry/dispatcher/log_part.hpp"

#include <optional>
#include <string_view>

namespace outboxd::telemetry {

/// Leases that were lost, and leases of dead workers that were ended.
class LeasesLog final : public LogPart {
 public:
  using LogPart::LogPart;

  void health(dispatch::Health health, std::string_view reason) override;
  void settled(std::size_t rows, std::size_t leases_lost, std::chrono::nanoseconds took) override;
  void freed_rows_of(std::string_view worker) override;
  void write_summaries(TimePoint now, bool all) override;

 private:
  Digest dead_workers_;
  Digest lost_leases_;
  bool postgres_is_away_ = false;
  /// When Postgres was last known to be unreachable.
  std::optional<TimePoint> postgres_away_at_;
};

}  // namespace outboxd::telemetry
