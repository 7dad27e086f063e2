// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/loader.hpp"

#include <string>
#include <vector>

namespace outboxd::daemon {

/// What of a configuration that was read again is wanted.
enum class Wanted {
  /// With what Postgres and Redis are logged in to.
  logins,
  /// Whatever a running process can take over.
  all,
};

/// How a configuration that was read again differs from the one that is at work; for people, without secrets.
struct Changes {
  std::vector<std::string> taken_over;
  std::vector<std::string> need_restart;
};

/// Takes over from `now` what a running process can: logins, the signing key, the bearer token, streams' bounds and
/// the log's level and format. `now` has no problems; of its dispatchers, those of the same names count.
[[nodiscard]] Changes take_over(config::Loaded& running, const config::Loaded& now, Wanted wanted);

}  // namespace outboxd::daemon
