// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/loader.hpp"
#include "daemon/doctor/examinations.hpp"
#include "redis/bounds.hpp"
#include "redis/command_session.hpp"
#include "redis/endpoint.hpp"
#include "redis/stream_info.hpp"
#include "streams/wanted.hpp"

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace outboxd::daemon::doctor {

// The only part of the doctor that talks to servers. Nothing is written, and each call keeps to the settings'
// time-outs; what fails or is refused is a fact, too.

[[nodiscard]] HostFacts read_host(const config::Loaded& loaded);

[[nodiscard]] PostgresFacts read_postgres(const config::Settings& configured);

/// The server of a dispatcher, and the streams that it may write to.
struct RedisTarget {
  redis::Endpoint endpoint;
  std::chrono::milliseconds timeout{0};
  /// Of each of these streams: the smallest among the dispatchers that may write to it.
  redis::Bounds bounds{};
  std::vector<std::string> streams{};
  /// Those that only the topology names, and dispatchers may write to.
  std::vector<std::string> only_declared{};
  /// Why rows show no streams.
  std::string why_no_streams{};
  /// Those of the configured topology.
  std::vector<streams::Wanted> wanted{};
  /// With which dispatchers sign; empty: they don't.
  std::vector<std::uint8_t> signing_key{};
};
[[nodiscard]] RedisFacts read_redis(const RedisTarget& target);

/// Reads the groups of this stream into it, and returns them as Redis reports them, with lags that are proved. `now`:
/// by the server's clock. `exact_counters`: see redis::counts_reads_exactly(). No call is begun after `end`; groups
/// that were not looked at till then are counted.
std::vector<redis::Group> read_groups(
    redis::CommandSession& session, std::chrono::system_clock::time_point now, bool exact_counters,
    StreamFacts& stream, std::chrono::steady_clock::time_point end = std::chrono::steady_clock::time_point::max());

/// Checks the signatures of the stream's newest entries.
void read_signatures(redis::CommandSession& session, std::span<const std::uint8_t> key, StreamFacts& stream);

/// Adds the streams that the dispatcher is configured to write to, and those seen in rows that it takes. Streams that
/// only the topology declares are left out: this dispatcher's user may have no right to them, and needs none. Pure.
void add_streams(RedisTarget& target, const config::Settings& settings, const std::vector<std::string>& seen);

/// Adds the streams that only the topology names, which is in `target.wanted`. Pure.
void add_declared_streams(RedisTarget& target);

/// Why a table's rows show no streams. Pure.
[[nodiscard]] std::string why_no_streams(const PostgresFacts& facts);

/// Reads all servers of all dispatchers; each Redis once.
[[nodiscard]] Facts read_facts(const config::Loaded& loaded);

}  // namespace outboxd::daemon::doctor
