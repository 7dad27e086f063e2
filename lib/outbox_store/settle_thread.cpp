// SPDX-License-Identifier: Apache-2.0
#include "outbox_store/settle_thread.hpp"

#include "outbox_store/settlements.hpp"

#include <algorithm>
#include <utility>

namespace outboxd::outbox_store {

using outbox_table::Driver;
using postgres::Connection;
using postgres::Statements;

dispatch::Settled SettleThread::settle(Statements& statements, Connection& connection,
                                       const dispatch::Settlement& settlement) {
  return table_.drive(
      statements, connection,
      [&](const Driver& driver) { return settle_by(driver, statements, connection, settlement); },
      [](const dispatch::Settled& done) { return done.written == 0 && all_of_names_and_types(done.refused); });
}

dispatch::Settled SettleThread::settle_by(const Driver& driver, Statements& statements, Connection& connection,
                                          const dispatch::Settlement& settlement) {
  const auto write = [&](const Driver& by) {
    auto written = write_outcomes(statements, by.layout, settlement, table_.table().name());
    if (written.wants_new_connection) connection.reopen();
    return std::move(written.settled);
  };
  auto settled = write(driver);
  const auto known = settled.written + settled.undone.size() + settled.refused.size() + settled.untried.size();
  const auto now = table_.table().driver();
  if (known == settlement.outcomes.size() || now->terms.worker == driver.terms.worker) return settled;
  // The worker was renamed meanwhile, and its leases with it. Rows that were written are no longer leased to it.
  auto rest = write(*now);
  rest.written += settled.written;
  for (auto& row : settled.undone) {
    // Rows that were undone may still be leased to it, and be undone again.
    if (std::ranges::find(rest.undone, row.id, &dispatch::RefusedRow::id) == rest.undone.end()) {
      rest.undone.push_back(std::move(row));
    }
  }
  return rest;
}

}  // namespace outboxd::outbox_store
