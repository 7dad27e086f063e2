// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace outboxd::daemon {

/// What the process' exit status says; in --help and deploy/README.md.
enum ExitStatus : int {
  /// All is done: with --once, every row that was due is published.
  kDone = 0,
  /// Some of it is not: with --once, rows failed or remain; otherwise something unexpected ended the process.
  kIncomplete = 1,
  /// Nothing was done: bad usage or configuration; where nothing is waited for, also a table that can't be driven, or
  /// servers that can't be reached.
  kCouldNotWork = 2,
};

}  // namespace outboxd::daemon
