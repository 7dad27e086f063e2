// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "outbox_store/worker_lock.hpp"
#include "outbox_table/table_driver.hpp"
#include "postgres/statements.hpp"

#include <cstdint>
#include <string>

namespace outboxd::outbox_store {

/// Whether the table's leases bear the worker's name, so that other workers can end the leases of a dead worker.
[[nodiscard]] bool shows_life(const outbox_table::Driver& driver);

/// Makes the worker's name show by a lock that the worker lives, or show that it has no lock. If the session can't
/// get the lock, the worker and its leases take another name. Returns a message for the operator, or an empty text.
/// `connection`: as in WorkerLock; of a session of this process. Blocks; throws libpqxx's exceptions.
std::string keep_a_name(postgres::Statements& statements, outbox_table::TableDriver& table, WorkerLock& lock,
                        std::uint64_t connection);

/// Gives the worker a name which shows that its lock can't be seen, as behind a pooler. The second function is for a
/// worker that may hold leases already, and blocks.
void go_without_lock(outbox_table::TableDriver& table);
void go_without_lock(postgres::Statements& statements, outbox_table::TableDriver& table);

}  // namespace outboxd::outbox_store
