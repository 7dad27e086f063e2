// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/loader.hpp"
#include "daemon/trace/facts.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace outboxd::daemon::trace {

struct TraceOptions {
  std::string id{};
  bool with_payload = false;
  /// Searched as well as the row's own stream; where no table has a row, instead of all that the settings name.
  std::vector<std::string> streams{};
  /// The keys to check signatures with; none: the configured key.
  std::vector<std::string> key_files{};
  /// Of each stream.
  std::uint64_t max_entries = 0;
};

/// Asks both servers. Whatever doesn't answer or is refused is left out, and named. Blocks.
[[nodiscard]] Facts read_event(const config::Loaded& loaded, const TraceOptions& options);

}  // namespace outboxd::daemon::trace
