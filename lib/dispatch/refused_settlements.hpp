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

/// Judges whether the rows or the table are at fault when outcomes can't be written.
class RefusedSettlements {
 public:
  RefusedSettlements(Shared shared, HeldRows& held)
      : shared_{shared}, held_{held}, backoff_{shared.options.backoff_min, shared.options.backoff_max} {}

  /// Reports the rows that are at fault themselves and are not in `reported` yet, and adds them to it.
  void judge(const Settled& settled, std::set<std::string>& reported);

  /// No outcome could be written lately, and the reason is not known.
  [[nodiscard]] bool all_are_refused() const { return refused_.since.has_value(); }

  /// While all outcomes are refused: how long to wait before one more batch may show what is at fault.
  std::chrono::microseconds next_pause() { return backoff_.next(shared_.random()); }

  /// Forgets rows that were refused long ago.
  void forget_old();

 private:
  Shared shared_;
  HeldRows& held_;
  RefusalJudgement judgement_;
  AllRefused refused_;
  Backoff backoff_;
};

}  // namespace outboxd::dispatch
