// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "telemetry/digest.hpp"
#include "telemetry/dispatcher/log_part.hpp"
#include "telemetry/log_rate_limiter.hpp"
#include "telemetry/stream_troubles.hpp"

#include <string_view>

namespace outboxd::telemetry {

/// Rows that are dead, or were not published.
class FailuresLog final : public LogPart {
 public:
  using LogPart::LogPart;

  void failed(std::string_view stream, Fault fault, std::string_view reason) override;
  void died(std::string_view id, std::string_view stream, Fault fault, std::string_view reason) override;
  void write_summaries(TimePoint now, bool all) override;

 private:
  Digest deaths_;
  Digest refusals_;
  StreamTroubles troubles_;
  LogRateLimiter lines_of_short_leases_;
};

}  // namespace outboxd::telemetry
