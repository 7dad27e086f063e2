// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "redis/bounds.hpp"
#include "redis/resp.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace outboxd::redis {

// What groups have not read of a stream, as far as its server tells. Pure.

/// How far a group of consumers has read.
struct Group {
  std::string name;
  /// Of the last entry that it was given; "0-0": of none.
  std::string last_delivered_id;
  /// How many entries it has not read; nothing: the server doesn't count them (before Redis 7), or has lost count.
  std::optional<std::uint64_t> lag;
};

/// Reads what XINFO GROUPS answers; none where it is no such answer.
[[nodiscard]] std::vector<Group> read_groups(const Value& answer);

/// Whether it can't be told without the stream's ids how many entries some group has not read.
[[nodiscard]] bool needs_ids(const std::vector<Group>& groups);

/// Finds out what can be of those groups, from what XINFO STREAM answers.
void use_ids(const Value& answer, std::vector<Group>& groups);

/// What the next XADD cuts of a stream of this length that some group has not read, for people; nothing where it is
/// nothing. `server`: how messages name it.
[[nodiscard]] std::optional<std::string> warning_of_cut(const std::string& stream, std::uint64_t length,
                                                        const std::vector<Group>& groups, const Bound& bound,
                                                        const std::string& server);

}  // namespace outboxd::redis
