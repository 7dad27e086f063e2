// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "telemetry/digest.hpp"
#include "telemetry/dispatcher/log_part.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace outboxd::telemetry {

/// Old published rows that were removed, or could not be.
class RetentionLog final : public LogPart {
 public:
  using LogPart::LogPart;

  void pruned(const dispatch::PruneStep& step) override;
  void prune_failed(std::string_view reason) override;
  void write_summaries(TimePoint now, bool all) override;

 private:
  /// `patience`: how long it may last without a line.
  void log_standstill(std::string_view why, std::chrono::seconds patience);

  /// Of the pass that is under way.
  std::uint64_t removed_ = 0;
  Digest refused_;
  /// Since when no row can be removed, and when that had its last line.
  std::optional<TimePoint> stands_since_;
  std::optional<TimePoint> reminded_at_;
};

}  // namespace outboxd::telemetry
