// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/held_rows.hpp"
#include "dispatch/idle_wait.hpp"
#include "dispatch/ports.hpp"
#include "dispatch/shared.hpp"

#include <string>
#include <utility>
#include <vector>

namespace outboxd::dispatch {

/// Rows that their dispatchers may have died of, to be claimed alone. A poison row would take the attempts of its
/// neighbours with it each time. It has the most attempts, as it has been claimed alone the most often, so it comes
/// after those that were but in its company.
class PoisonCandidates {
 public:
  /// `housekeeping`: null where no dispatcher's death leaves a trace.
  PoisonCandidates(Shared shared, Housekeeping* housekeeping, HeldRows& held, IdleWait& idle)
      : shared_{shared}, housekeeping_{housekeeping}, held_{held}, idle_{idle} {}

  /// Asks the store unless some are known. False when it could not answer.
  Awaitable<bool> look() {
    if (!ids_.empty() || housekeeping_ == nullptr) co_return true;
    auto found = co_await housekeeping_->poison_candidates(shared_.run.due_by());
    if (!found) co_return false;
    add(std::move(*found));
    co_return true;
  }

  /// The store has found these; the wait for rows ends for them.
  void add(std::vector<std::string> found) {
    const auto now = shared_.clock.now();
    std::erase_if(found, [&](const std::string& id) { return held_.holds(id, now); });
    if (found.empty() || !ids_.empty()) return;
    ids_ = std::move(found);
    idle_.end_wait();
  }

  [[nodiscard]] bool empty() const { return ids_.empty(); }

  /// The next one. Should its claim fail, others have their turn before it is found again.
  std::string take() {
    auto id = std::move(ids_.front());
    ids_.erase(ids_.begin());
    return id;
  }

 private:
  Shared shared_;
  Housekeeping* housekeeping_;
  HeldRows& held_;
  IdleWait& idle_;
  std::vector<std::string> ids_;
};

}  // namespace outboxd::dispatch
