// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "daemon/commands/shared_options.hpp"
#include "replay/choice.hpp"

#include <string>

namespace outboxd::daemon {

/// `outboxd replay`.
struct ReplayCommand {
  replay::ChoiceWords choice{};
  bool dry_run = false;
  bool yes = false;
  bool json = false;
  std::string rate{};
  std::string reason{};

  CLI::App& declare(CLI::App& program);
  std::string complete(const SharedOptions& shared);
  [[nodiscard]] int run(const SharedOptions& shared) const;
};

}  // namespace outboxd::daemon
