// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "daemon/shared_options.hpp"

#include <optional>
#include <string>
#include <vector>

namespace outboxd::daemon {

/// `outboxd migrate`.
struct MigrateCommand {
  bool dry_run = false;
  /// Optional migrations, by their flags without dashes.
  std::vector<std::string> optional_migrations{};
  /// --revert as it was given.
  std::string revert_text{};
  /// The migration that it names.
  std::optional<int> revert{};
  /// Drop a table without asking.
  bool yes = false;

  CLI::App& declare(CLI::App& program);
  std::string complete(const SharedOptions& shared);
  [[nodiscard]] int run(const SharedOptions& shared) const;
};

}  // namespace outboxd::daemon
