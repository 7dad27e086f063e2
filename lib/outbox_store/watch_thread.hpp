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

/// What the watch session's thread owns, and does: all that neither a claim nor a settlement waits for. Each of it
/// blocks, and throws what libpqxx throws, UnfitTable or LockedTable.
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
  /// As BacklogProbe::sample(). Looks the table up from time to time.
  dispatch::BacklogSample sample(postgres::Statements& statements, postgres::Connection& connection,
                                 const std::string& due_by);

 private:
  TableSession table_;
  Watch watch_;
  LockedRowsLook locked_rows_;
  std::chrono::steady_clock::time_point inspected_at_ = std::chrono::steady_clock::now();
};

}  // namespace outboxd::outbox_store
