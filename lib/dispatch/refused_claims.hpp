// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/all_refused.hpp"
#include "dispatch/held_rows.hpp"
#include "dispatch/ports.hpp"
#include "dispatch/shared.hpp"
#include "outbox/starvation.hpp"

#include <cstdint>

namespace outboxd::dispatch {

/// Judges whose fault it is that claims bring fewer rows than are due: the rows', or the table's.
class RefusedClaims {
 public:
  RefusedClaims(Shared shared, HeldRows& held) : shared_{shared}, held_{held} {}

  /// What a claim could take.
  enum class Scope { all, free_streams, named_rows };

  /// Leaves those among the claim's refused rows whose own fault it is. False when the store refuses everything that
  /// is due.
  bool judge(ClaimedRows& claimed, Scope scope, std::uint32_t limit);

  /// It looks for rows that the store does not refuse.
  [[nodiscard]] bool all_are_refused() const { return refused_.since.has_value(); }

  /// Reports rows that are due, and that no claim gets.
  void sampled(const BacklogSample& sample);

 private:
  Shared shared_;
  HeldRows& held_;
  AllRefused refused_;
  Starvation starvation_;
};

}  // namespace outboxd::dispatch
