// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace outboxd::dispatch {

/// What keeps the dispatcher from working, as each loop last saw it; empty: nothing.
struct Trouble {
  std::string redis, claim, settle, starving;
  /// That it is everybody's is yet to be seen.
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

}  // namespace outboxd::dispatch
