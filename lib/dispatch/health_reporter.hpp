// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/observer.hpp"
#include "dispatch/run_state.hpp"

#include <chrono>
#include <optional>
#include <string>

namespace outboxd::dispatch {

/// What keeps the dispatcher from working, as each stage last saw it; empty: nothing.
struct LastErrors {
  std::string redis, claim, settle, starving;
  /// Whether all streams are refused is yet to be seen.
  bool redis_in_doubt = false;
  /// That of the claims, or of the settlements, is that Postgres answers, and refuses them.
  bool claims_refused = false, settles_refused = false;
  /// That of the last claim is the table's own.
  bool unfit = false;
  /// When the store was last out of reach, or had lost its connection.
  std::optional<std::chrono::steady_clock::time_point> away_at{};

  [[nodiscard]] bool was_away_since(std::chrono::steady_clock::time_point time) const {
    return away_at && *away_at >= time;
  }
};

/// Derives the dispatcher's health from the troubles of its stages, and reports its changes.
class HealthReporter {
 public:
  /// Both references must outlive it.
  HealthReporter(Observer& observer, const RunState& run) : observer_{observer}, run_{run} {}

  [[nodiscard]] LastErrors& trouble() { return trouble_; }
  [[nodiscard]] const LastErrors& trouble() const { return trouble_; }

  /// Reports the health if it has changed.
  void report();
  /// That all is well is not known before the first claim.
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
