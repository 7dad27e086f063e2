// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "daemon/commands/shared_options.hpp"

#include <optional>
#include <string>
#include <vector>

namespace outboxd::daemon {

/// `outboxd migrate`.
struct MigrateCommand {
  bool dry_run = false;
  /// The flags of the chosen optional migrations, without dashes.
  std::vector<std::string> optional_migrations{};
  /// The argument of --revert.
  std::string revert_text{};
  /// The number of the migration to revert.
  std::optional<int> revert{};
  /// Whether a table is dropped without asking.
  bool yes = false;
  bool json = false;

  CLI::App& declare(CLI::App& program);
  std::string complete(const SharedOptions& shared);
  [[nodiscard]] int run(const SharedOptions& shared) const;
};

}  // namespace outboxd::daemon
