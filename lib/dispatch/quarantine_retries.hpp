// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/claims.hpp"
#include "dispatch/held_rows.hpp"
#include "dispatch/shared.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace outboxd::dispatch {

/// Retries rows in quarantine by themselves, in a small share of the time.
class QuarantineRetries {
 public:
  QuarantineRetries(Shared shared, Claims& claims, HeldRows& held) : shared_{shared}, claims_{claims}, held_{held} {}

  /// The ids of rows that are due for a retry now, `most` of them.
  [[nodiscard]] std::vector<std::string> due(std::size_t most) const;
  /// Claims these rows; returns the claim's result, if it succeeded.
  Awaitable<std::optional<ClaimedRows>> retry(std::vector<std::string> ids);

 private:
  Shared shared_;
  Claims& claims_;
  HeldRows& held_;
  TimePoint next_at_{};
};

}  // namespace outboxd::dispatch
