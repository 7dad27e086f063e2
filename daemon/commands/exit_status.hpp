// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace outboxd::daemon {

/// The exit status of the process. What each means for each command is in exit_statuses().
enum ExitStatus : int {
  /// Success; with --once, every row that was due is published.
  kDone = 0,
  /// With --once, rows failed or remain; otherwise an unexpected error ended the process.
  kIncomplete = 1,
  /// Nothing was done: wrong usage or configuration; for commands that don't wait, also a table that can't be used or
  /// an unreachable server.
  kCouldNotWork = 2,
};

/// Of `outboxd dead requeue` and `discard`, and of `outboxd replay`: all rows were tried, and some could not be
/// changed (published again).
inline constexpr int kSomeUnchanged = 3;
/// Of `outboxd replay` alone: Redis refused an entry.
inline constexpr int kRefusedByRedis = 4;

/// Of `outboxd trace` alone: a server did not answer, or nothing was found and not everything could be searched.
inline constexpr int kNotAllLookedAt = 3;

struct StatusMeaning {
  /// "0", "128 + n".
  std::string status;
  std::string meaning;
};

struct CommandStatuses {
  /// "dead list"; "run" also without a command; empty: every command, beside its own meanings.
  std::string command;
  std::vector<StatusMeaning> meanings;
};

/// What --help, the manual page and deploy/README.md say, in their order.
[[nodiscard]] const std::vector<CommandStatuses>& exit_statuses();

/// Those of one command; empty for a group of commands.
[[nodiscard]] std::vector<StatusMeaning> exit_statuses_of(std::string_view command);

/// The table of deploy/README.md.
[[nodiscard]] std::string exit_status_table();

}  // namespace outboxd::daemon
