// SPDX-License-Identifier: Apache-2.0
#include "outbox_store/worker_name.hpp"

#include "outbox_store/bisect.hpp"

namespace outboxd::outbox_store {

using outbox_table::Driver;
using outbox_table::TableDriver;
using postgres::Statements;

namespace {

constexpr int kMostNames = 3;

}  // namespace

bool shows_life(const Driver& driver) {
  return !driver.layout.scan_leases.empty() && !is_unlocked_worker(driver.terms.worker);
}

std::string keep_a_name(Statements& statements, TableDriver& table, WorkerLock& lock, std::uint64_t connection) {
  auto driver = table.driver();
  if (!shows_life(*driver) || lock.hold(statements, connection, driver->terms.worker)) return {};
  bool locked = false;
  for (int i = 0; i < kMostNames && !locked; ++i) {
    table.rename_worker(renamed_worker(driver->terms.worker));
    driver = table.driver();
    locked = lock.hold(statements, connection, driver->terms.worker);
  }
  // Other workers must not take rows that are being published for a dead worker's.
  if (locked) {
    look_after_leases(statements, driver->layout.rename_leases);
  } else {
    go_without_lock(statements, table);
    driver = table.driver();
  }
  const std::string what =
      "the advisory lock by which others see that this worker lives could not be taken, as a session that is none of "
      "ours holds it or waits for it; it goes on ";
  return what + (locked ? "as " + driver->terms.worker
                        : "as " + driver->terms.worker +
                              ", without a lock: should it die, its rows wait for their lease's end");
}

void go_without_lock(TableDriver& table) {
  const auto worker = table.driver()->terms.worker;
  if (!is_unlocked_worker(worker)) table.rename_worker(unlocked_worker(worker));
}

void go_without_lock(Statements& statements, TableDriver& table) {
  if (!shows_life(*table.driver())) return;
  go_without_lock(table);
  look_after_leases(statements, table.driver()->layout.rename_leases);
}

}  // namespace outboxd::outbox_store
