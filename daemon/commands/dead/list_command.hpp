// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "daemon/commands/shared_options.hpp"
#include "dead_rows/filter.hpp"

#include <string>

namespace outboxd::daemon {

/// `outboxd dead list`.
struct DeadListCommand {
  dead_rows::FilterWords filter{};
  bool json = false;

  CLI::App& declare(CLI::App& program);
  std::string complete(const SharedOptions& shared);
  [[nodiscard]] int run(const SharedOptions& shared) const;
};

}  // namespace outboxd::daemon
