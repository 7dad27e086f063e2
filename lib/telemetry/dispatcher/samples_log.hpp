// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "telemetry/dispatcher/log_part.hpp"
#include "telemetry/dispatcher/readiness_notes.hpp"
#include "telemetry/locked_rows_log.hpp"

#include <optional>
#include <string>

namespace outboxd::telemetry {

/// The results of samples of the table, or their failure, in the log and for /readyz.
class SamplesLog final : public LogPart {
 public:
  /// `notes` outlives this.
  SamplesLog(const LogContext& context, ReadinessNotes& notes) : LogPart{context}, notes_{notes} {}

  void health(dispatch::Health health, std::string_view reason) override;
  void sampled(const dispatch::BacklogSample& sample) override;
  void sample_failed(std::string_view reason) override;
  void beat(TimePoint now) override;

 private:
  struct Failing {
    TimePoint since{};
    /// When the log last reported the failure; nothing: not yet.
    std::optional<TimePoint> told{};
    std::string reason{};
  };

  void look_at_locked_rows(const dispatch::LockedRows& rows);

  ReadinessNotes& notes_;
  LockedRowsLog locked_rows_;
  std::optional<Failing> failing_;
  /// The dispatcher waits for a server, and has had its line for that.
  bool is_waiting_ = false;
};

}  // namespace outboxd::telemetry
