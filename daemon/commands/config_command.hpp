// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "daemon/commands/shared_options.hpp"

#include <string>

namespace outboxd::daemon {

/// `outboxd config show`.
struct ConfigShowCommand {
  bool json = false;

  CLI::App& declare(CLI::App& program);
  std::string complete(const SharedOptions& shared);
  [[nodiscard]] int run(const SharedOptions& shared) const;
};

/// `outboxd config check`.
struct ConfigCheckCommand {
  /// The file to check; empty: the one in use.
  std::string file{};

  CLI::App& declare(CLI::App& program);
  std::string complete(const SharedOptions& shared);
  [[nodiscard]] int run(const SharedOptions& shared) const;
};

}  // namespace outboxd::daemon
