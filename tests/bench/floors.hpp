// SPDX-License-Identifier: Apache-2.0
// The speed of the parts alone: no dispatcher can be faster than the slowest of its parts.
#pragma once

#include "bench/drain.hpp"
#include "entry/entry.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace outboxd::bench {

/// Runs the contract's two statements until the table is empty: one connection with the daemon's settings
/// (synchronous_commit off), a claim and then a mark of the claimed rows; nothing is published.
[[nodiscard]] Drain contract_statements(const World& world, const test::Database& database, int batch);

/// The same by the daemon's own code (lib/outbox_store), on one connection.
[[nodiscard]] Drain daemon_statements(const World& world, const test::Database& database, int batch);

/// The entries for the rows of the table, and the time that encoding and signing them took.
struct Entries {
  std::vector<entry::Entry> entries;
  Drain encoding;
};
[[nodiscard]] Entries encode_all(const World& world, const test::Database& database);

/// Sends XADDs in writes of `batch` commands; reads all replies to each write before the next.
[[nodiscard]] Drain xadd_alone(const World& world, const std::vector<entry::Entry>& entries, int batch);

}  // namespace outboxd::bench
