// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/ports.hpp"
#include "outbox/slow_scans.hpp"
#include "outbox/sweep_pace.hpp"
#include "outbox_store/claims.hpp"
#include "outbox_table/layout.hpp"
#include "postgres/statements.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace outboxd::outbox_store {

/// Scans a table, on a session that no claim waits for, for workers that left leases behind, for poison candidates,
/// and for due rows below the mark from which claims look. Where a full scan takes long, most scans only read recent
/// rows. Blocks; not thread-safe.
class Watch {
 public:
  struct Request {
    /// As in ClaimRequest.
    std::string due_by{};
    /// As in Housekeeping::scan().
    std::vector<std::string> known{};
  };
  /// Where claims look.
  struct Claimed {
    /// The due time from which they look; empty: from the start.
    std::string mark{};
    /// As in ClaimRequest.
    std::vector<std::string> except_streams{};
  };
  struct Result {
    dispatch::LeaseScan scan{};
    Overlooked overlooked{};
  };

  /// Throws libpqxx's exceptions.
  Result scan(postgres::Statements& statements, const outbox_table::Layout& layout, const Request& request,
              const Claimed& claimed);
  /// Returns the rows of these leases that claims would miss; empty where the leases could not be ended. Throws
  /// libpqxx's exceptions.
  static std::optional<Overlooked> end_leases(postgres::Statements& statements, const outbox_table::Layout& layout,
                                              const std::vector<std::string>& workers, const Claimed& claimed);

 private:
  using Reach = SweepPace::Reach;

  static void scan_leases(postgres::Statements& statements, const outbox_table::Layout& layout,
                          const Request& request, const Claimed& claimed, Reach reach, dispatch::LeaseScan& scan);
  static Overlooked sweep(postgres::Statements& statements, const outbox_table::Layout& layout,
                          const Claimed& claimed, Reach reach);
  /// A full scan took this long.
  void report_slow_scans(postgres::Statements& statements, std::chrono::nanoseconds took, Result& result);

  SweepPace pace_;
  SlowScans slow_scans_;
};

}  // namespace outboxd::outbox_store
