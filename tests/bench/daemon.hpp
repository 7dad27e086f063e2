// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bench/world.hpp"

#include <memory>
#include <string>
#include <vector>

namespace outboxd::bench {

/// Starts `outboxd run`, and waits until a row that is inserted into the (empty) table has arrived. Afterwards table
/// and streams are empty again.
[[nodiscard]] std::unique_ptr<test::Child> start_daemon(World& world, const test::Database& database,
                                                        const std::vector<std::string>& arguments = {});

/// Whether `event_outbox` has the trigger that wakes dispatchers.
[[nodiscard]] bool has_wake_ups(const test::Database& database);

/// The backends of Postgres for this database's clients, without the one of the calling session.
[[nodiscard]] std::vector<pid_t> backends_of(const test::Database& database);

}  // namespace outboxd::bench
