// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "redis/resp.hpp"
#include "redis/stream_info.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace outboxd::streams {

// What a server answers about streams, as plain data. Pure.

struct SeenGroup {
  redis::Group group;
  std::vector<redis::Consumer> consumers{};
  /// The pending entry with the lowest id.
  std::optional<redis::PendingEntry> oldest_pending{};
  /// The unread entries, where the server's counters don't show their number and they were counted one by one.
  std::optional<std::uint64_t> counted_unread{};
  /// The unread ones of the entries that the next XADD trims, likewise.
  std::optional<std::uint64_t> counted_at_risk{};
  /// Why the pending entries or the consumers are not known; empty if they are.
  std::string why_unknown{};
};

struct SeenStream {
  enum class Kind { stream, missing, other_type, unknown };

  std::string name;
  Kind kind = Kind::unknown;
  /// For another type: Redis' name for it, or empty.
  std::string type{};
  /// Why the kind is not known.
  std::string why_unknown{};
  /// Some answer was an error that is neither a missing right nor one about the key, such as MOVED.
  bool has_failed = false;
  std::optional<std::uint64_t> length{};
  std::string why_no_length{};
  /// Empty, with a reason, where XINFO STREAM is refused or was not asked.
  std::optional<redis::StreamInfo> info{};
  std::string why_no_info{};
  /// Empty, with a reason, where XINFO GROUPS is refused.
  std::optional<std::vector<SeenGroup>> groups{};
  std::string why_no_groups{};
  /// In bytes.
  std::optional<std::uint64_t> memory{};
  std::string why_no_memory{};

  /// Null if there is no such group, or if groups are not known.
  [[nodiscard]] const SeenGroup* group(const std::string& group_name) const;
};

/// How much is asked: whether and how it exists; or also what is in it, of which the answers may be large.
enum class Detail { existence, everything };

/// The answers about one stream, in the order of look_commands().
[[nodiscard]] std::vector<std::vector<std::string>> look_commands(const std::string& stream, Detail detail);
[[nodiscard]] SeenStream read_stream(const std::string& stream, std::span<const redis::Value> answers);

/// Why an error leaves something unknown: a right that is missing, a command that the server doesn't have, or the
/// error.
[[nodiscard]] std::string why_not_known(const std::string& command, const redis::Value& answer);

}  // namespace outboxd::streams
