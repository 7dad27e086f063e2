// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "daemon/commands/dead/change.hpp"
#include "daemon/commands/shared_options.hpp"

#include <string>

namespace outboxd::daemon {

/// `outboxd dead discard`.
struct DeadDiscardCommand {
  ChangeOptions options{};
  /// Empty: a file in the current folder, named after the dispatcher and the time.
  std::string file{};

  CLI::App& declare(CLI::App& program);
  std::string complete(const SharedOptions& shared);
  [[nodiscard]] int run(const SharedOptions& shared) const;
};

}  // namespace outboxd::daemon
