// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/ports.hpp"
#include "outbox_store/locked_rows.hpp"
#include "outbox_store/table_session.hpp"
#include "outbox_store/watch.hpp"
#include "postgres/connection.hpp"
#include "postgres/statements.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace outboxd::outbox_store {

/// The state and the work of the watch session's thread: everything for which no claim or settlement waits. Each
/// function blocks, and throws libpqxx's exceptions, UnfitTable or LockedTable.
class WatchThread {
 public:
  explicit WatchThread(outbox_table::TableDriver& table) : table_{table} {}

  /// As Watch::scan().
  Watch::Result scan(postgres::Statements& statements, postgres::Connection& connection,
                     const Watch::Request& request, const Watch::Claimed& claimed);
  /// As Watch::end_leases().
  std::optional<Overlooked> end_leases(postgres::Statements& statements, postgres::Connection& connection,
                                       const std::vector<std::string>& workers, const Watch::Claimed& claimed);
  /// As Housekeeping::poison_candidates().
  std::vector<std::string> poison_candidates(postgres::Statements& statements, postgres::Connection& connection,
                                             const std::string& due_by);
  /// As BacklogProbe::sample(). Inspects the table again from time to time.
  dispatch::BacklogSample sample(postgres::Statements& statements, postgres::Connection& connection,
                                 const std::string& due_by);

 private:
  TableSession table_;
  Watch watch_;
  LockedRowsLook locked_rows_;
  std::chrono::steady_clock::time_point inspected_at_ = std::chrono::steady_clock::now();
};

}  // namespace outboxd::outbox_store
