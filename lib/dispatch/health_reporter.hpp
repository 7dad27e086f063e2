// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/observer.hpp"
#include "dispatch/run_state.hpp"

#include <chrono>
#include <optional>
#include <string>

namespace outboxd::dispatch {

/// What keeps the dispatcher from working, as each stage last reported it; empty: nothing does.
struct LastErrors {
  std::string redis, claim, settle, starving;
  /// It is not known yet whether Redis refuses all streams.
  bool redis_in_doubt = false;
  /// Postgres answers, but refuses the claims, or the settlements.
  bool claims_refused = false, settles_refused = false;
  /// The last claim failed because the table is not fit for use.
  bool unfit = false;
  /// When the store was last unreachable, or had lost its connection.
  std::optional<std::chrono::steady_clock::time_point> away_at{};

  [[nodiscard]] bool was_away_since(std::chrono::steady_clock::time_point time) const {
    return away_at && *away_at >= time;
  }
};

/// Derives the dispatcher's health from the states of its stages, and reports each change.
class HealthReporter {
 public:
  /// Both references must outlive it.
  HealthReporter(Observer& observer, const RunState& run) : observer_{observer}, run_{run} {}

  [[nodiscard]] LastErrors& trouble() { return trouble_; }
  [[nodiscard]] const LastErrors& trouble() const { return trouble_; }

  /// Reports the health if it has changed.
  void report();
  /// Reports nothing before the first claim, as it is not known until then whether all is well.
  void report_unless_starting() {
    if (health_ != Health::starting) report();
  }

 private:
  Observer& observer_;
  const RunState& run_;
  LastErrors trouble_;
  Health health_ = Health::starting;
  std::string reason_;
};

}  // namespace outboxd::dispatch
