// SPDX-License-Identifier: Apache-2.0
// What the parts cost alone: no dispatcher can be faster than the slowest of those that it needs.
#pragma once

#include "bench/drain.hpp"
#include "entry/entry.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace outboxd::bench {

/// The contract's two statements until the table is empty: one connection, set up as the daemon sets up its own
/// (synchronous_commit off), a claim and then a mark of what it gave, nothing published.
[[nodiscard]] Drain contract_statements(const World& world, const test::Database& database, int batch);

/// The same by the daemon's own code (lib/outbox_store), on one connection.
[[nodiscard]] Drain daemon_statements(const World& world, const test::Database& database, int batch);

/// The entries that the rows of the table become, and the time that making and signing them took.
struct Entries {
  std::vector<entry::Entry> entries;
  Drain encoding;
};
[[nodiscard]] Entries encode_all(const World& world, const test::Database& database);

/// One XADD after the other in writes of `batch` commands, each read to its last reply before the next.
[[nodiscard]] Drain xadd_alone(const World& world, const std::vector<entry::Entry>& entries, int batch);

}  // namespace outboxd::bench
