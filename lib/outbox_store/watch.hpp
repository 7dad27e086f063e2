// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/ports.hpp"
#include "outbox/slow_looks.hpp"
#include "outbox/sweep_pace.hpp"
#include "outbox_store/claims.hpp"
#include "outbox_table/layout.hpp"
#include "postgres/statements.hpp"

#include <chrono>
#include <map>
#include <string>
#include <vector>

namespace outboxd::postgres {

/// Looks around in a table, on a session that no claim waits for: for workers that died, for rows that they may have
/// died of, and for due rows below the mark from which claims look. Where a look at everything takes long, most looks
/// are at what came lately. Blocks; not thread-safe.
class Watch {
 public:
  struct Request {
    /// How often in a row a worker must have been missing to be taken for dead.
    int sightings = 1;
    /// As in ClaimRequest.
    std::string due_by{};
    /// From which time on claims look; empty: from the start.
    std::string mark{};
    /// As in ClaimRequest.
    std::vector<std::string> except_streams{};
    /// Every session is new, as after a failover: a live worker may come back later than we did.
    bool workers_may_reconnect = false;
  };
  struct Result {
    dispatch::LookOut seen{};
    Overlooked overlooked{};
  };

  /// Throws what libpqxx throws.
  Result look(Statements& statements, const Layout& layout, const Request& request);

 private:
  using Reach = SweepPace::Reach;

  void look_for_the_dead(Statements& statements, const Layout& layout, const Request& request, Reach reach,
                         Result& result);
  void sweep(Statements& statements, const Layout& layout, const Request& request, Reach reach, Result& result);
  /// A look at everything took so long.
  void tell_of_slow_looks(Statements& statements, std::chrono::nanoseconds took, Result& result);

  SweepPace pace_;
  /// Workers whose sessions were gone when last looked for, and how often in a row.
  std::map<std::string, int> missing_;
  std::chrono::steady_clock::time_point looked_at_{};
  SlowLooks slow_looks_;
};

}  // namespace outboxd::postgres
