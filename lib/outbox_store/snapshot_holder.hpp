// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/observer.hpp"
#include "postgres/statements.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace outboxd::outbox_store {

/// A holder of a snapshot, or of an open transaction, that keeps deleted row versions of this database.
struct SnapshotHold {
  dispatch::SnapshotHolder kind = dispatch::SnapshotHolder::none;
  /// What ends it: the pid of a session, the name of a prepared transaction or of a slot.
  std::string handle{};
  /// A readable text: "session pid 4711 of role app (psql)".
  std::string who{};
  /// A session's state ("idle in transaction"), or its kind where it is no client's ("autovacuum worker"); empty
  /// where this role may not see it; "active" or "inactive" of a slot.
  std::string state{};
  /// How long the snapshot has been held, where that is known.
  std::optional<std::chrono::seconds> held_for{};
  /// Its age in transactions.
  std::int64_t transactions = 0;
};

/// The result of find_snapshot_holds().
struct SnapshotHolds {
  /// The oldest snapshot first.
  std::vector<SnapshotHold> holds{};
  /// Whether this role may see the states of other roles' sessions, and since when they hold snapshots.
  bool sees_all = false;
};

/// The holders of the oldest snapshots, as far as this role may see them; at most so many. Blocks; throws libpqxx's
/// exceptions.
[[nodiscard]] SnapshotHolds find_snapshot_holds(postgres::Statements& statements, std::size_t most);

/// The holder of the oldest snapshot that keeps deleted row versions of this database, as far as this role may see
/// it. Does not set the result's `took`. Blocks; throws libpqxx's exceptions.
[[nodiscard]] dispatch::SlowLook find_snapshot_holder(postgres::Statements& statements);

}  // namespace outboxd::outbox_store
