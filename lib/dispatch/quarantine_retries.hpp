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

/// Tries rows in quarantine again, by themselves, in a small part of the time.
class QuarantineRetries {
 public:
  QuarantineRetries(Shared shared, Claims& claims, HeldRows& held) : shared_{shared}, claims_{claims}, held_{held} {}

  /// Ids of rows whose turn it is now, `most` of them.
  [[nodiscard]] std::vector<std::string> due(std::size_t most) const;
  /// Claims these; returns what the claim brought, if it succeeded.
  Awaitable<std::optional<ClaimedRows>> retry(std::vector<std::string> ids);

 private:
  Shared shared_;
  Claims& claims_;
  HeldRows& held_;
  TimePoint next_at_{};
};

}  // namespace outboxd::dispatch
