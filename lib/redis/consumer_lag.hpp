// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "redis/bounds.hpp"
#include "redis/stream_info.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace outboxd::redis {

// How many entries of a stream its consumer groups have not read, as far as the server's answers prove it. Redis' own
// `lag` is not enough: it counts deleted entries or not, by version, and never shows what was trimmed. Pure.

/// A number that the answers prove, or the reason why they prove none.
struct Figure {
  std::optional<std::uint64_t> number{};
  /// Empty if there is a number.
  std::string why_unknown{};
  /// Without a number: a bound that is proved nevertheless.
  std::optional<std::uint64_t> at_most{};
  /// A word for the reason, one of a few; empty where only the text is known.
  std::string_view word{};
};

/// The entries in the stream that the group has not read. `exact_counters`: see counts_reads_exactly().
[[nodiscard]] Figure unread(const StreamInfo& stream, const Group& group, bool exact_counters);

/// The entries after the group's position that were trimmed, so that the group will never read them. When the group
/// reads on, it passes them, and they are no longer counted.
[[nodiscard]] Figure lost_unread(const StreamInfo& stream, const Group& group, bool exact_counters);

/// The unread entries that the next XADD trims if it cuts the stream to exactly this bound.
[[nodiscard]] Figure unread_at_risk(const Figure& unread, std::uint64_t length, std::uint64_t maxlen);

/// Whether the lag of a group is unknown, so that the stream's ids (XINFO STREAM) are needed to infer it.
[[nodiscard]] bool needs_ids(const std::vector<Group>& groups);

/// Replaces Redis' own lags by proved ones, where the stream's ids and counters prove any.
void infer_lag(const StreamInfo& stream, std::vector<Group>& groups, bool exact_counters);

/// A warning if the next XADD to a stream of this length trims entries that a group has not read; otherwise empty.
/// Redis' own lags may be too large: they are shown with "up to".
/// `server` is the server's name in messages.
[[nodiscard]] std::optional<std::string> trim_warning(const std::string& stream, std::uint64_t length,
                                                      const std::vector<Group>& groups, const Bound& bound,
                                                      const std::string& server);

}  // namespace outboxd::redis
