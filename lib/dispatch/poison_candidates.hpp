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

/// Rows that may have killed their dispatchers, to be claimed alone, as a poison row would spend an attempt of each
/// neighbour with every claim. The poison row itself has the most attempts, so it is tried last, after the rows that
/// were only claimed together with it.
class PoisonCandidates {
 public:
  /// `housekeeping`: null where a dispatcher's death leaves no trace.
  PoisonCandidates(Shared shared, Housekeeping* housekeeping, HeldRows& held, IdleWait& idle)
      : shared_{shared}, housekeeping_{housekeeping}, held_{held}, idle_{idle} {}

  /// Asks the store for candidates unless some are known. False when it could not answer.
  Awaitable<bool> look() {
    if (!ids_.empty() || housekeeping_ == nullptr) co_return true;
    auto found = co_await housekeeping_->poison_candidates(shared_.run.due_by());
    if (!found) co_return false;
    add(std::move(*found));
    co_return true;
  }

  /// The store has found these rows; ends the wait for rows.
  void add(std::vector<std::string> found) {
    const auto now = shared_.clock.now();
    std::erase_if(found, [&](const std::string& id) { return held_.holds(id, now); });
    if (found.empty() || !ids_.empty()) return;
    ids_ = std::move(found);
    idle_.end_wait();
  }

  [[nodiscard]] bool empty() const { return ids_.empty(); }

  /// Removes and returns the next candidate. If its claim fails, others have their turn before it is found again.
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
