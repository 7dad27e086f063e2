// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/all_refused.hpp"
#include "dispatch/held_rows.hpp"
#include "dispatch/ports.hpp"
#include "dispatch/shared.hpp"
#include "outbox/starvation.hpp"

#include <cstdint>

namespace outboxd::dispatch {

/// Judges whether the rows or the table are at fault when claims return fewer rows than are due.
class RefusedClaims {
 public:
  RefusedClaims(Shared shared, HeldRows& held) : shared_{shared}, held_{held} {}

  /// The rows that a claim could take.
  enum class Scope { all, free_streams, named_rows };

  /// Keeps only those refused rows of the claim that are at fault themselves. False when the store refuses every due
  /// row.
  bool judge(ClaimedRows& claimed, Scope scope, std::uint32_t limit);

  /// The store refuses every due row, and claims look for rows that it does not refuse.
  [[nodiscard]] bool all_are_refused() const { return refused_.since.has_value(); }

  /// Reports rows that are due and that no claim returns.
  void sampled(const BacklogSample& sample);

 private:
  Shared shared_;
  HeldRows& held_;
  AllRefused refused_;
  Starvation starvation_;
};

}  // namespace outboxd::dispatch
