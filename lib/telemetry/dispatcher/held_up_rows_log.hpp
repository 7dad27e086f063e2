// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "telemetry/digest.hpp"
#include "telemetry/dispatcher/log_part.hpp"
#include "telemetry/dispatcher/readiness_notes.hpp"

#include <optional>
#include <string>

namespace outboxd::telemetry {

/// Rows that Postgres refuses while it takes others, in the log and for /readyz.
class HeldUpRowsLog final : public LogPart {
 public:
  /// `notes` outlives this.
  HeldUpRowsLog(const LogContext& context, ReadinessNotes& notes) : LogPart{context}, notes_{notes} {}

  void refused_by_store(std::span<const dispatch::RefusedRow> rows) override;
  void held_up(std::size_t rows) override;
  void beat(TimePoint now) override;
  void write_summaries(TimePoint now, bool all) override;

 private:
  void note();
  /// "; the last one: …"
  [[nodiscard]] std::string last_one() const;

  ReadinessNotes& notes_;
  Digest lines_;
  std::size_t rows_ = 0;
  /// Set while there are such rows.
  std::optional<TimePoint> since_;
  /// When the log last named such rows.
  std::optional<TimePoint> told_;
  std::string last_reason_;
};

}  // namespace outboxd::telemetry
