// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/all_refused.hpp"
#include "dispatch/held_rows.hpp"
#include "dispatch/ports.hpp"
#include "dispatch/shared.hpp"
#include "outbox/backoff.hpp"
#include "outbox/refusal_judgement.hpp"

#include <chrono>
#include <set>
#include <string>

namespace outboxd::dispatch {

/// Judges whose fault it is that outcomes can't be written: the rows', or the table's.
class RefusedSettlements {
 public:
  RefusedSettlements(Shared shared, HeldRows& held)
      : shared_{shared}, held_{held}, backoff_{shared.options.backoff_min, shared.options.backoff_max} {}

  /// Reports the rows whose own fault it is, unless they are among `reported`, and adds them there.
  void judge(const Settled& settled, std::set<std::string>& reported);

  /// No outcome could be written lately, and it isn't known why.
  [[nodiscard]] bool all_are_refused() const { return refused_.since.has_value(); }

  /// While all are refused: how long to wait before one more batch may show whose fault it is.
  std::chrono::microseconds next_pause() { return backoff_.next(shared_.random()); }

  /// Whatever was refused long ago is gone.
  void forget_old();

 private:
  Shared shared_;
  HeldRows& held_;
  RefusalJudgement judgement_;
  AllRefused refused_;
  Backoff backoff_;
};

}  // namespace outboxd::dispatch
