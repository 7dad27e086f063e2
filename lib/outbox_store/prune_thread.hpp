// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "outbox_store/prune.hpp"
#include "outbox_store/table_session.hpp"

#include <chrono>

namespace outboxd::outbox_store {

/// The state and the work of the thread that removes old published rows, on a session of its own: neither claims nor
/// scans for dead workers wait for it.
class PruneThread {
 public:
  PruneThread(outbox_table::TableDriver& table, std::chrono::milliseconds age) : table_{table}, age_{age} {}

  /// As prune_step(). Also throws UnfitTable or LockedTable.
  dispatch::PruneStep step(postgres::Statements& statements, postgres::Connection& connection) {
    return table_.drive(statements, connection, [&](const outbox_table::Driver& driver) {
      return prune_step(statements, driver.layout, pass_, age_);
    });
  }

 private:
  TableSession table_;
  PrunePass pass_;
  std::chrono::milliseconds age_;
};

}  // namespace outboxd::outbox_store
