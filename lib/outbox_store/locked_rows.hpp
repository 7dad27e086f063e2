// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/observer.hpp"
#include "outbox_table/layout.hpp"
#include "postgres/statements.hpp"

#include <chrono>
#include <set>
#include <string>

namespace outboxd::outbox_store {

/// A row that has been due for this long may be one that claims skip.
inline constexpr std::chrono::seconds kLongDue{10};

/// Finds due rows that claims skip because other transactions keep them locked, and finds these transactions. A claim
/// of another dispatcher locks rows for a moment, so a row counts only if two looks in a row find it locked. Blocks;
/// not thread-safe.
class LockedRowsLook {
 public:
  enum class How {
    /// Locks a few rows for a moment, to see whether that is possible.
    trying,
    /// Reads alone; misses rows that are locked within a savepoint or by several transactions.
    reading,
  };

  /// Throws libpqxx's exceptions.
  dispatch::LockedRows look(postgres::Statements& statements, const outbox_table::Layout& layout, How how);

  /// Looks by trying, where some row has been due for long enough. The sample is useful without the result, so server
  /// errors are not thrown on (a lost connection is), and the previous result stands then; each of its two statements
  /// may take a second.
  void add_to(dispatch::BacklogSample& sample, postgres::Statements& statements, const outbox_table::Layout& layout);

  /// Whether the last look has found rows that a second look has to confirm.
  [[nodiscard]] bool found_any() const { return !ids_.empty(); }

 private:
  std::set<std::string> ids_;
  /// Transactions that may have locked the rows.
  std::set<std::string> transactions_;
  /// The result of the last look by add_to() that did not fail.
  dispatch::LockedRows last_;
};

}  // namespace outboxd::outbox_store
