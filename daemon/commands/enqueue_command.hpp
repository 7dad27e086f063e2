// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "daemon/commands/shared_options.hpp"

#include <string>
#include <vector>

namespace outboxd::daemon {

/// `outboxd enqueue`.
struct EnqueueCommand {
  std::string stream{};
  /// key=value or key:=json; empty: payloads are read from standard input.
  std::vector<std::string> assignments{};

  CLI::App& declare(CLI::App& program);
  std::string complete(const SharedOptions& shared);
  [[nodiscard]] int run(const SharedOptions& shared) const;
};

}  // namespace outboxd::daemon
