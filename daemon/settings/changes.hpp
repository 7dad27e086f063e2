// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/loader.hpp"

#include <string>
#include <vector>

namespace outboxd::daemon {

/// Which settings a reload takes over.
enum class ReloadScope {
  /// The logins for Postgres and Redis.
  logins,
  /// All settings that a running process can take over.
  all,
};

/// The differences between the running configuration and the one that was read again, as readable texts without
/// secrets.
struct Changes {
  std::vector<std::string> taken_over;
  std::vector<std::string> need_restart;
};

/// Copies the settings that a running process can take over from `now` to `running`: logins, the signing key, the
/// bearer token, streams' bounds and the log's level and format. `now` must have no problems. Dispatchers are matched
/// by name.
[[nodiscard]] Changes take_over(config::Loaded& running, const config::Loaded& now, ReloadScope wanted);

}  // namespace outboxd::daemon
