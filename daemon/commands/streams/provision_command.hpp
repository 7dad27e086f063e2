// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "daemon/commands/shared_options.hpp"

#include <string>

namespace outboxd::daemon {

/// `outboxd streams provision`.
struct StreamsProvisionCommand {
  bool dry_run = false;
  bool with_optional = false;
  bool json = false;

  CLI::App& declare(CLI::App& program);
  std::string complete(const SharedOptions& shared);
  [[nodiscard]] int run(const SharedOptions& shared) const;
};

}  // namespace outboxd::daemon
