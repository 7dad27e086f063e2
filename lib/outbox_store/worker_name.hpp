// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "outbox_store/worker_lock.hpp"
#include "outbox_table/table_driver.hpp"
#include "postgres/statements.hpp"

#include <cstdint>
#include <string>

namespace outboxd::outbox_store {

/// In such a table the leases bear the worker's name, and others end those of a worker that is seen to have died.
[[nodiscard]] bool shows_life(const outbox_table::Driver& driver);

/// Sees to it that the worker's name shows by its lock that it lives, or says that none does: where the session can't
/// have the lock, the worker goes on under another name, and so do its leases. Returns what people should know of
/// that; else nothing. `connection`: as WorkerLock has it; of a session of our own. Blocks; throws what libpqxx
/// throws.
std::string keep_a_name(postgres::Statements& statements, outbox_table::TableDriver& table, WorkerLock& lock,
                        std::uint64_t connection);

/// Nobody can see whether the worker lives, as behind a pooler: its name says so. The second one is for a worker that
/// may hold leases already, and blocks.
void go_without_lock(outbox_table::TableDriver& table);
void go_without_lock(postgres::Statements& statements, outbox_table::TableDriver& table);

}  // namespace outboxd::outbox_store
