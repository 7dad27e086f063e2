// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/observer.hpp"
#include "outbox_table/layout.hpp"
#include "postgres/statements.hpp"

#include <chrono>
#include <set>
#include <string>

namespace outboxd::outbox_store {

/// From when on a row that is due may be one that claims pass over.
inline constexpr std::chrono::seconds kLongDue{10};

/// Finds due rows that claims pass over, as other transactions keep them locked, and whose transactions these are.
/// Others that claim rows lock them for a moment: what two looks in a row find counts. Blocks; not thread-safe.
class LockedRowsLook {
 public:
  enum class How {
    /// A few rows are locked for a moment to see whether they can be.
    trying,
    /// Reads alone; rows that are locked behind a savepoint or by several transactions aren't found.
    reading,
  };

  /// Throws what libpqxx throws.
  dispatch::LockedRows look(postgres::Statements& statements, const outbox_table::Layout& layout, How how);

  /// Looks by trying, where some row is due for long enough. What the sample has is worth having without it: no
  /// failure of the server's is thrown on, but for that of the connection, and what the look before has found stands;
  /// each of its two statements may take a second.
  void add_to(dispatch::BacklogSample& sample, postgres::Statements& statements, const outbox_table::Layout& layout);

  /// Whether the last look has found any that only another one can confirm.
  [[nodiscard]] bool found_any() const { return !ids_.empty(); }

 private:
  std::set<std::string> ids_;
  /// Transactions that may hold rows.
  std::set<std::string> transactions_;
  /// Of the last look by add_to() that did not fail.
  dispatch::LockedRows last_;
};

}  // namespace outboxd::outbox_store
