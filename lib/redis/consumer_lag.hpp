// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "redis/bounds.hpp"
#include "redis/resp.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace outboxd::redis {

// How many entries of a stream its consumer groups have not read, as far as the server's answers show it. Pure.

/// How far a consumer group has read.
struct Group {
  std::string name;
  /// The id of the last entry that was delivered to the group; "0-0" if none was.
  std::string last_delivered_id;
  /// The number of entries that the group has not read; empty if the server doesn't count them (before Redis 7) or
  /// has lost the count.
  std::optional<std::uint64_t> lag;
};

/// Reads the answer to XINFO GROUPS; returns no groups for any other answer.
[[nodiscard]] std::vector<Group> read_groups(const Value& answer);

/// Whether the lag of a group is unknown, so that the stream's ids (XINFO STREAM) are needed to infer it.
[[nodiscard]] bool needs_ids(const std::vector<Group>& groups);

/// Infers unknown lags from the answer to XINFO STREAM, where its ids show that a group has read everything or
/// nothing.
void infer_lag(const Value& answer, std::vector<Group>& groups);

/// A warning if the next XADD to a stream of this length trims entries that a group has not read; otherwise empty.
/// `server` is the server's name in messages.
[[nodiscard]] std::optional<std::string> trim_warning(const std::string& stream, std::uint64_t length,
                                                      const std::vector<Group>& groups, const Bound& bound,
                                                      const std::string& server);

}  // namespace outboxd::redis
