// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "daemon/commands/shared_options.hpp"

#include <string>

namespace outboxd::daemon {

/// `outboxd doctor`.
struct DoctorCommand {
  bool json = false;
  /// Also shows what is well.
  bool all = false;

  CLI::App& declare(CLI::App& program);
  std::string complete(const SharedOptions& shared);
  [[nodiscard]] int run(const SharedOptions& shared) const;
};

}  // namespace outboxd::daemon
