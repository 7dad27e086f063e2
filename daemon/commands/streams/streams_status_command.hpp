// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "daemon/commands/shared_options.hpp"

#include <optional>
#include <string>
#include <vector>

namespace outboxd::daemon {

/// `outboxd streams status`.
struct StreamsStatusCommand {
  /// Only these streams; empty: all that are declared or configured.
  std::vector<std::string> streams{};
  bool json = false;
  bool watch = false;
  /// Between two looks with --watch; empty: two.
  std::optional<unsigned> seconds{};

  CLI::App& declare(CLI::App& program);
  std::string complete(const SharedOptions& shared);
  [[nodiscard]] int run(const SharedOptions& shared) const;
};

}  // namespace outboxd::daemon
