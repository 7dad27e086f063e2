// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/ports.hpp"
#include "outbox_store/claims.hpp"
#include "outbox_store/commit_listener.hpp"
#include "outbox_store/table_session.hpp"
#include "outbox_table/inspect.hpp"
#include "postgres/connection.hpp"
#include "postgres/statements.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace outboxd::outbox_store {

/// The state and the work of the claim session's thread. Each function blocks, and throws libpqxx's exceptions,
/// UnfitTable or LockedTable.
class ClaimThread {
 public:
  ClaimThread(outbox_table::TableDriver& table, std::chrono::milliseconds poll_interval)
      : table_{table}, commits_{poll_interval} {}

  /// A result, with the warnings for the operator since the last one.
  template <class T>
  struct Told {
    T value;
    std::vector<std::string> warnings{};
  };
  struct Claimed {
    dispatch::ClaimedRows rows{};
    /// The due time from which the next claim looks; empty: from the start.
    std::string mark{};
  };

  Told<outbox_table::TableReport> inspect(postgres::Statements& statements, postgres::Connection& connection);
  /// Also takes the rows of `overlooked`.
  Told<Claimed> claim(postgres::Statements& statements, postgres::Connection& connection,
                      const dispatch::ClaimRequest& request, Overlooked overlooked);
  Told<dispatch::WakeUps> arm_wake_ups(postgres::Statements& statements, postgres::Connection& connection);
  void disarm_wake_ups(postgres::Statements& statements, postgres::Connection& connection);

 private:
  template <class T>
  Told<T> with_warnings(T value);
  void warn(std::string warning);
  void keep_a_name(postgres::Statements& statements, const postgres::Connection& connection);

  TableSession table_;
  Claims claims_;
  CommitListener commits_;
  /// The number of the connection of the last claim; 0: there was none.
  std::uint64_t claimed_on_ = 0;
  std::vector<std::string> warnings_;
};

}  // namespace outboxd::outbox_store
