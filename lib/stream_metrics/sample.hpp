// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "redis/consumer_lag.hpp"
#include "redis/resp.hpp"
#include "stream_metrics/known_errors.hpp"
#include "stream_metrics/server_figures.hpp"
#include "stream_metrics/stream_history.hpp"
#include "streams/seen.hpp"
#include "streams/wanted.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace outboxd::stream_metrics {

// What one sample holds, and how it is read from a server's answers. Pure.

/// Streams of one server that are sampled; the others are only counted.
inline constexpr std::size_t kMostStreams = 200;
/// Groups of one stream, and of all streams of one server.
inline constexpr std::size_t kMostGroupsOfStream = 50;
inline constexpr std::size_t kMostGroups = 1'000;

struct GroupSample {
  std::string name;
  redis::Figure lag{};
  /// The unread entries that the next XADD trims.
  redis::Figure at_risk{};
  /// The entries after the group's position that are trimmed already.
  redis::Figure trimmed_unread{};
  std::optional<std::uint64_t> pending{};
  std::optional<std::uint64_t> consumers{};
  /// Zero where nothing is pending.
  std::optional<std::chrono::milliseconds> oldest_pending_idle{};
  std::uint64_t lost_total = 0;
};

struct StreamSample {
  std::string name;
  bool is_dead_letter = false;
  std::optional<std::uint64_t> bound{};
  std::optional<std::uint64_t> length{};
  std::optional<std::uint64_t> entries_added{};
  std::optional<std::uint64_t> memory{};
  /// The time in the id of the last entry that was ever added.
  std::optional<std::chrono::milliseconds> last_id{};
  std::uint64_t went_back = 0;
  /// Why figures of XINFO STREAM are unknown; empty where they are known.
  std::string_view why_unknown{};
  std::vector<GroupSample> groups{};
};

struct Sample {
  ServerFigures server{};
  std::vector<StreamSample> streams{};
  /// Those beyond the bounds, or whose names can't be labels.
  std::size_t streams_left_out = 0;
  std::size_t groups_left_out = 0;
};

/// The answers about one stream.
struct StreamAnswers {
  streams::SeenStream seen;
  /// Words for the reasons; empty where these are known.
  std::string_view why_no_info{};
  std::string_view why_no_groups{};
};

/// `answers`: to streams::look_commands() with Detail::everything.
[[nodiscard]] StreamAnswers read_answers(const std::string& stream, std::span<const redis::Value> answers);

/// Leaves out the groups that are too many, or whose names can't be labels, and returns their number. Declared groups
/// come first. `wanted` has an element for each of `answers`.
std::size_t leave_out_groups(std::span<const streams::Wanted> wanted, std::span<StreamAnswers> answers);

/// Asks for the oldest pending entry of a group.
[[nodiscard]] Command pending_command(const std::string& stream, const std::string& group);

/// What the answers, and with them earlier samples, prove of a stream.
[[nodiscard]] StreamSample sample_of(const streams::Wanted& wanted, const StreamAnswers& answers,
                                     StreamHistory& history, bool exact_counters);

/// The same streams and declared groups, of which nothing is known for this reason. Totals stay as they are.
[[nodiscard]] StreamSample unknown_sample(const streams::Wanted& wanted, std::string_view why);
[[nodiscard]] StreamSample without_figures(StreamSample sample, std::string_view why);

}  // namespace outboxd::stream_metrics
