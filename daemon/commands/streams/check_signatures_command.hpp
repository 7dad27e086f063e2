// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "daemon/commands/shared_options.hpp"
#include "daemon/signatures/check_run.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace outboxd::daemon {

/// `outboxd streams check-signatures`.
struct CheckSignaturesCommand {
  std::string stream{};
  /// The keys to check with; none: the configured key.
  std::vector<std::string> key_files{};
  std::vector<std::string> other_streams{};
  std::string from{};
  std::string to{};
  std::optional<std::uint64_t> count{};
  std::string unread_of{};
  bool follow = false;
  bool strict = false;
  bool json = false;
  std::uint64_t list = 100;

  CLI::App& declare(CLI::App& program);
  std::string complete(const SharedOptions& shared);
  [[nodiscard]] int run(const SharedOptions& shared) const;

  /// Set by complete().
  CheckPlan plan{};
};

}  // namespace outboxd::daemon
