// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "outbox_store/prune.hpp"
#include "outbox_store/prune_lock.hpp"
#include "outbox_store/table_session.hpp"

#include <chrono>

namespace outboxd::outbox_store {

/// The state and the work of the thread that removes old published rows, on a session of its own: neither claims nor
/// scans for dead workers wait for it.
class PruneThread {
 public:
  PruneThread(outbox_table::TableDriver& table, std::chrono::milliseconds age,
              std::chrono::milliseconds poll_interval)
      : table_{table}, overdue_{poll_interval}, age_{age} {}

  /// As prune_step(). Also throws UnfitTable or LockedTable.
  dispatch::PruneStep step(postgres::Statements& statements, postgres::Connection& connection) {
    return table_.drive(statements, connection, [&](const outbox_table::Driver& driver) {
      using State = dispatch::PruneStep::State;
      if (!lock_.hold(statements, connection, driver.terms.table))
        return dispatch::PruneStep{.state = State::elsewhere};
      auto step = prune_step(statements, driver.layout, pass_, overdue_, age_);
      if (step.state == State::complete) lock_.release(statements, connection);
      // After a failover the session may be one with a server that takes no writes any more.
      if (step.state == State::refused) connection.reopen();
      return step;
    });
  }

 private:
  TableSession table_;
  PrunePass pass_{PrunePass::Reach::mostly_old};
  OverdueRows overdue_;
  PruneLock lock_;
  std::chrono::milliseconds age_;
};

}  // namespace outboxd::outbox_store
