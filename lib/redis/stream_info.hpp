// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "redis/resp.hpp"
#include "redis/xadd.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace outboxd::redis {

// What a server answers about a stream, as plain data. Pure.

/// The answer to XINFO STREAM.
struct StreamInfo {
  std::uint64_t length = 0;
  /// The first and the last entry; empty if the stream is.
  std::optional<EntryId> first{};
  std::optional<EntryId> last{};
  std::optional<EntryId> last_generated{};
  /// How many entries were ever added; empty before Redis 7.
  std::optional<std::uint64_t> entries_added{};
  /// The highest id that XDEL has deleted (0-0: none); empty before Redis 7.
  std::optional<EntryId> max_deleted{};
};

/// A consumer group in the answer to XINFO GROUPS.
struct Group {
  std::string name;
  /// The id of the last entry that was delivered to the group, or at which it began; "0-0": the very beginning.
  std::string last_delivered_id;
  /// Redis' own count of the entries that the group has not read; empty if the server doesn't count them (before
  /// Redis 7) or has lost the count. It may be wrong: see consumer_lag.hpp.
  std::optional<std::uint64_t> lag{};
  /// Redis' own count of the entries up to the last delivered one; empty if it has none.
  std::optional<std::uint64_t> entries_read{};
  std::uint64_t consumers = 0;
  std::uint64_t pending = 0;
  /// The stream's ids and counters prove `lag`; otherwise it is Redis' own.
  bool lag_is_proved = false;
};

/// A consumer in the answer to XINFO CONSUMERS.
struct Consumer {
  std::string name;
  std::uint64_t pending = 0;
  /// Since it last asked for entries, acknowledged or claimed any.
  std::chrono::milliseconds idle{0};
};

/// A pending entry in the answer to XPENDING with a range.
struct PendingEntry {
  EntryId id;
  /// Since it was last delivered; empty if no consumer has it.
  std::optional<std::chrono::milliseconds> idle{};
};

/// An id as Redis prints it, "0-0" included; empty for any other text.
[[nodiscard]] std::optional<EntryId> read_position(std::string_view text);

/// Each is empty for any other answer, such as a refusal.
[[nodiscard]] std::optional<StreamInfo> read_stream_info(const Value& answer);
[[nodiscard]] std::vector<Group> read_groups(const Value& answer);
[[nodiscard]] std::vector<Consumer> read_consumers(const Value& answer);
[[nodiscard]] std::vector<PendingEntry> read_pending(const Value& answer);

/// Whether a server with this answer to INFO keeps the counters `entries_read` of groups right. Redis does so since
/// 7.4.5 and 8.0; before, they fall behind when a group reads on after entries that it had not read were trimmed.
[[nodiscard]] bool counts_reads_exactly(std::string_view info);

}  // namespace outboxd::redis
