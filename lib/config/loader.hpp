// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/environment.hpp"
#include "config/origin.hpp"
#include "config/postgres_url.hpp"
#include "config/settings.hpp"
#include "config/value.hpp"

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace outboxd::config {

inline constexpr std::string_view kDefaultFile = "/etc/outboxd/outboxd.toml";

/// Where settings come from, as values. From weak to strong: the profile's defaults, the file, the environment,
/// the flags; and, for a [[dispatcher]] of the file, the connections that it gives for itself.
struct Sources {
  /// Of --config. Else OUTBOXD_CONFIG names the file, else it is `default_file`, if that exists.
  std::optional<std::string> config_file;
  std::string default_file = std::string(kDefaultFile);
  Environment environment;
  /// By name: {"--batch", "32"}; Option::flag() lists the names.
  std::map<std::string, std::string> flags;
  /// Has the last word on a Postgres connection.
  Libpq libpq{};
};

/// What the command at hand can't do without; load() says so if it is missing.
struct Needs {
  bool postgres = true;
  /// A key, where the mode asks for one.
  bool signing = true;
};

/// One setting as it stands, for `config show`.
struct Effective {
  std::string path;
  /// Absent: not set. Secrets are masked already.
  std::optional<Value> value;
  Origin origin;
  /// Which [[dispatcher]] of the file has it; absent: the process, or its only dispatcher.
  std::optional<std::size_t> dispatcher{};
};

struct Loaded {
  /// What the whole process goes by; for a command that needs one dispatcher, the first. Only to be used if there are
  /// no problems.
  Settings settings;
  /// Each dispatcher's, whole. At least one; several differ in their names.
  std::vector<Settings> dispatchers;
  /// First what all dispatchers share, then what each [[dispatcher]] has, in their order.
  std::vector<Effective> effective;
  Problems problems;
  /// What doesn't keep it from working, and should be mended.
  Problems warnings;
  /// The file that was read.
  std::optional<std::string> file;
};

/// Reads, checks and merges all sources; never stops at the first problem. Blocks while it reads files.
Loaded load(const Sources& sources, const Needs& needs = {});

}  // namespace outboxd::config
