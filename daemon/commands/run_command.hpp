// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "daemon/commands/shared_options.hpp"

#include <chrono>
#include <optional>
#include <string>

namespace outboxd::daemon {

/// `outboxd run`, the default command. Its options are those of the program itself.
struct RunCommand {
  bool once = false;
  /// The argument of --timeout.
  std::string timeout{};
  /// The parsed --timeout.
  std::optional<std::chrono::milliseconds> once_timeout{};

  CLI::App& declare(CLI::App& program);
  std::string complete(const SharedOptions& shared);
  [[nodiscard]] int run(const SharedOptions& shared) const;

  /// Whether options were given that no other command accepts.
  [[nodiscard]] bool has_own_options() const { return once || !timeout.empty(); }
};

}  // namespace outboxd::daemon
