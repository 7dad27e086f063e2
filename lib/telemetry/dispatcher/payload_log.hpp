// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "telemetry/dispatcher/log_part.hpp"
#include "telemetry/log_rate_limiter.hpp"

#include <chrono>
#include <string_view>

namespace outboxd::telemetry {

/// Unusual payloads and entries.
class PayloadLog final : public LogPart {
 public:
  using LogPart::LogPart;

  void reserved_fields_dropped(std::string_view stream, std::size_t fields) override;
  void ambiguous_entry(std::string_view id, std::string_view stream, std::string_view why, bool dead) override;

 private:
  bool logged_reserved_ = false;
  LogRateLimiter lines_of_ambiguous_entries_{std::chrono::hours{1}};
};

}  // namespace outboxd::telemetry
