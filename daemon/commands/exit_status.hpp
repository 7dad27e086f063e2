// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace outboxd::daemon {

/// The exit status of the process, as documented in --help and deploy/README.md.
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

}  // namespace outboxd::daemon
