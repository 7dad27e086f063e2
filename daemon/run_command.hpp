// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "daemon/shared_options.hpp"

#include <chrono>
#include <optional>
#include <string>

namespace outboxd::daemon {

/// `outboxd run`, which is also what the program does without a command. Its options are the program's own.
struct RunCommand {
  bool once = false;
  /// --timeout as it was given.
  std::string timeout{};
  /// The same, once it is understood.
  std::optional<std::chrono::milliseconds> once_timeout{};

  CLI::App& declare(CLI::App& program);
  std::string complete(const SharedOptions& shared);
  [[nodiscard]] int run(const SharedOptions& shared) const;

  /// Whether options were given that no other command takes.
  [[nodiscard]] bool has_own_options() const { return once || !timeout.empty(); }
};

}  // namespace outboxd::daemon
