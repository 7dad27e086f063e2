// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "daemon/commands/dead/change.hpp"
#include "daemon/commands/shared_options.hpp"

#include <string>

namespace outboxd::daemon {

/// `outboxd dead requeue`.
struct DeadRequeueCommand {
  ChangeOptions options{};
  bool wait = false;
  std::string timeout = "60s";

  CLI::App& declare(CLI::App& program);
  std::string complete(const SharedOptions& shared);
  [[nodiscard]] int run(const SharedOptions& shared) const;
};

}  // namespace outboxd::daemon
