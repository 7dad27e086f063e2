// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace outboxd::daemon {

/// How far `outboxd prune` came with one table.
struct PruneReport {
  std::string dispatcher;
  std::string table;
  bool dry_run = false;
  std::chrono::milliseconds older_than{0};
  /// Removed; with `dry_run`: those that would be.
  std::uint64_t rows = 0;
  /// Old rows that were locked, changed meanwhile, or kept by a trigger.
  std::uint64_t kept = 0;
  /// Those that Postgres refuses to remove.
  std::uint64_t refused = 0;
  /// Why old rows are left; empty: none are.
  std::string problem{};
};

/// One line, with its end.
[[nodiscard]] std::string text_of(const PruneReport& report);
/// The same as JSON; deploy/JSON.md has the fields.
[[nodiscard]] std::string json_of(const PruneReport& report);

}  // namespace outboxd::daemon
