// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "daemon/doctor/finding.hpp"
#include "daemon/doctor/host_facts.hpp"
#include "daemon/doctor/postgres_facts.hpp"
#include "daemon/doctor/redis_facts.hpp"

#include <vector>

namespace outboxd::daemon::doctor {

/// Everything that was read, on which all examinations work.
struct Facts {
  HostFacts host{};
  /// Of each dispatcher.
  std::vector<PostgresFacts> postgres{};
  /// Of each server.
  std::vector<RedisFacts> redis{};
};

/// All examinations, in the order of their tables. Pure.
[[nodiscard]] Findings examine(const Facts& facts);

// Each subject is a file of its own. All are pure; those below a server's name are for a server that answers.

// redis_durability.cpp
[[nodiscard]] Findings eviction_of(const RedisFacts& facts);
[[nodiscard]] Findings persistence_of(const RedisFacts& facts);
[[nodiscard]] Findings replication_of(const RedisFacts& facts);
// redis_memory.cpp
[[nodiscard]] Findings memory_of(const RedisFacts& facts);
[[nodiscard]] Findings clients_of(const RedisFacts& facts);
// redis_server.cpp
[[nodiscard]] Findings reachability_of(const RedisFacts& facts);
/// What the user may not ask.
[[nodiscard]] Findings rights_of(const RedisFacts& facts);
[[nodiscard]] Findings version_of(const RedisFacts& facts);
[[nodiscard]] Findings cluster_of(const RedisFacts& facts);
[[nodiscard]] Findings network_of(const RedisFacts& facts);
// redis_streams.cpp
[[nodiscard]] Findings writes_of(const RedisFacts& facts);
[[nodiscard]] Findings groups_of(const RedisFacts& facts);
[[nodiscard]] Findings topology_of(const RedisFacts& facts);
// redis_signatures.cpp
[[nodiscard]] Findings signatures_of(const RedisFacts& facts);

// postgres_server.cpp
[[nodiscard]] Findings reachability_of(const PostgresFacts& facts);
[[nodiscard]] Findings server_of(const PostgresFacts& facts);
[[nodiscard]] Findings durability_of(const PostgresFacts& facts);
[[nodiscard]] Findings connections_of(const PostgresFacts& facts);
[[nodiscard]] Findings network_of(const PostgresFacts& facts);
// postgres_table.cpp
[[nodiscard]] Findings shape_of(const PostgresFacts& facts);
[[nodiscard]] Findings indexes_of(const PostgresFacts& facts);
[[nodiscard]] Findings triggers_of(const PostgresFacts& facts);
// postgres_storage.cpp
[[nodiscard]] Findings storage_of(const PostgresFacts& facts);
// postgres_sessions.cpp
[[nodiscard]] Findings snapshots_of(const PostgresFacts& facts);
[[nodiscard]] Findings locks_of(const PostgresFacts& facts);
[[nodiscard]] Findings workers_of(const PostgresFacts& facts);
// postgres_rows.cpp
[[nodiscard]] Findings rows_of(const PostgresFacts& facts);
/// A warning, or worse, if rows are dead or overdue.
[[nodiscard]] Severity severity_of_rows(const PostgresFacts& facts);

// host.cpp
[[nodiscard]] Findings signing_of(const HostFacts& facts);
[[nodiscard]] Findings configuration_of(const HostFacts& facts);
[[nodiscard]] Findings daemon_of(const HostFacts& facts);
[[nodiscard]] Findings shared_tables_of(const HostFacts& facts);
// streams_taken.cpp: rows whose stream no configured dispatcher takes.
[[nodiscard]] Findings streams_taken_of(const Facts& facts);
// clocks.cpp
[[nodiscard]] Findings clocks_of(const Facts& facts);

}  // namespace outboxd::daemon::doctor
