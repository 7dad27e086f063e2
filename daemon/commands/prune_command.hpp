// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "daemon/commands/shared_options.hpp"

#include <chrono>
#include <string>

namespace outboxd::daemon {

/// `outboxd prune`.
struct PruneCommand {
  /// Empty: dispatcher.retention.
  std::string older_than{};
  bool dry_run = false;
  bool json = false;

  CLI::App& declare(CLI::App& program);
  std::string complete(const SharedOptions& shared);
  [[nodiscard]] int run(const SharedOptions& shared) const;

 private:
  /// `older_than`; zero if it is not set.
  std::chrono::milliseconds age_{0};
};

}  // namespace outboxd::daemon
