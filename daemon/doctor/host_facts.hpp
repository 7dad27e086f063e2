// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/origin.hpp"
#include "daemon/service/signing_state.hpp"
#include "daemon/status/ask_daemon.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace outboxd::daemon::doctor {

/// The settings of one dispatcher that others on the same table should share.
struct SharedTableFacts {
  std::string dispatcher{};
  /// The database's connection string (secret, for comparison alone) and the table.
  std::string database{};
  std::string table{};
  /// Empty: all.
  std::vector<std::string> streams{};
  /// Readable names and values.
  std::vector<std::pair<std::string, std::string>> settings{};
};

/// What this machine and the configuration say.
struct HostFacts {
  /// As in Settings.
  std::string mode{};
  std::size_t key_bytes = 0;
  /// The key's id, and whether entries have _sig2, too.
  SigningState signing{};
  /// The file, variable or setting that the key comes from.
  std::string key_from{};
  /// What is doubtful in the configuration.
  config::Problems warnings{};
  DaemonAnswer daemon{};
  std::vector<SharedTableFacts> dispatchers{};
};

}  // namespace outboxd::daemon::doctor
