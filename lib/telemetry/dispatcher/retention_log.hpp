// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "telemetry/digest.hpp"
#include "telemetry/dispatcher/log_part.hpp"

#include <cstdint>
#include <optional>

namespace outboxd::telemetry {

/// Old published rows that were removed, or could not be.
class RetentionLog final : public LogPart {
 public:
  using LogPart::LogPart;

  void pruned(const dispatch::PruneStep& step) override;
  void write_summaries(TimePoint now, bool all) override;

 private:
  void log_missing_right();

  /// Of the pass that is under way.
  std::uint64_t removed_ = 0;
  Digest refused_;
  /// When the missing right had its last line.
  std::optional<TimePoint> reminded_at_;
};

}  // namespace outboxd::telemetry
