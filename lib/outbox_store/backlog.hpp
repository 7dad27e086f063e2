// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/observer.hpp"
#include "outbox_store/command_table.hpp"
#include "outbox_table/layout.hpp"
#include "postgres/statements.hpp"

#include <chrono>
#include <string>

namespace outboxd::outbox_store {

/// Counts the table's rows at bounded cost. `due_by` as in dispatch::ClaimRequest. Blocks; throws libpqxx's
/// exceptions.
[[nodiscard]] dispatch::BacklogSample count_backlog(postgres::Statements& statements,
                                                    const outbox_table::Layout& layout, const std::string& due_by);

/// An operator's view of a table; every count stops at backlog.cap.
struct Overview {
  dispatch::BacklogSample backlog;
  /// Found by reading alone, without trying to lock rows.
  dispatch::LockedRows locked{};
};

/// Reads one dispatcher's table from outside, whether a daemon works on it or not.
class BacklogReader {
 public:
  /// Throws std::invalid_argument for an invalid table name.
  explicit BacklogReader(const RowStoreOptions& options);

  /// Blocks up to the connect and statement time-outs, and half a second more where rows seem to be locked. Throws as
  /// CommandTable::use().
  [[nodiscard]] Overview look();

 private:
  CommandTable table_;
};

}  // namespace outboxd::outbox_store
