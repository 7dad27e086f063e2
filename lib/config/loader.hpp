// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/origin.hpp"
#include "config/postgres_url.hpp"
#include "config/settings.hpp"
#include "config/value.hpp"

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace outboxd::config {

using Environment = std::map<std::string, std::string, std::less<>>;

/// Copies the process's environment (pass `environ`).
Environment environment_of(const char* const* variables);

inline constexpr std::string_view kDefaultFile = "/etc/outboxd/outboxd.toml";

/// The sources of settings, as values. From weak to strong: the profile's defaults, the file, the environment, the
/// flags; and, for a [[dispatcher]] of the file, its own connections.
struct Sources {
  /// From --config. Without it OUTBOXD_CONFIG names the file; without that, `default_file` is read if it exists.
  std::optional<std::string> config_file;
  std::string default_file = std::string(kDefaultFile);
  Environment environment;
  /// By name: {"--batch", "32"}; Option::flag() lists the names.
  std::map<std::string, std::string> flags;
  /// Decides whether a Postgres connection can work.
  Libpq libpq{};
};

/// The settings that a command requires; load() reports those that are missing.
struct Needs {
  bool postgres = true;
  /// A signing key, where the mode requires one.
  bool signing = true;
};

/// The effective value of one setting, for `config show`.
struct Effective {
  std::string path;
  /// Absent: not set. Secrets are already masked.
  std::optional<Value> value;
  Origin origin;
  /// The index of the [[dispatcher]] that has it; absent: the process, or its only dispatcher.
  std::optional<std::size_t> dispatcher{};
};

struct Loaded {
  /// The settings of the process; for a command that needs one dispatcher, the first. Only to be used if there are no
  /// problems.
  Settings settings;
  /// The complete settings of each dispatcher. At least one; several have different names.
  std::vector<Settings> dispatchers;
  /// First the settings that all dispatchers share, then those of each [[dispatcher]], in order.
  std::vector<Effective> effective;
  Problems problems;
  /// Settings that work but should be corrected.
  Problems warnings;
  /// The file that was read.
  std::optional<std::string> file;
};

/// Reads, checks and merges all sources; never stops at the first problem. Blocks while it reads files.
Loaded load(const Sources& sources, const Needs& needs = {});

}  // namespace outboxd::config
