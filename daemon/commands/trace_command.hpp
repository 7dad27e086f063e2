// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "daemon/commands/shared_options.hpp"
#include "daemon/trace/read_event.hpp"

#include <string>

namespace outboxd::daemon {

/// `outboxd trace`.
struct TraceCommand {
  trace::TraceOptions options{.max_entries = 100'000};
  bool json = false;

  CLI::App& declare(CLI::App& program);
  std::string complete(const SharedOptions& shared);
  [[nodiscard]] int run(const SharedOptions& shared) const;
};

}  // namespace outboxd::daemon
