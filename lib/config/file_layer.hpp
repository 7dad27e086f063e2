// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/layers.hpp"
#include "config/origin.hpp"

#include <string>
#include <vector>

namespace outboxd::config {

/// One [[dispatcher]] of the file.
struct FileEntry {
  /// By the paths that these settings have outside of an entry; those of its connections have Origin::own.
  Layer settings;
  Origin place;
};

/// What a file sets.
struct FileSettings {
  Layer shared;
  std::vector<FileEntry> dispatchers;
  /// What counts all the same, and should be mended.
  Problems warnings;
};

/// Reads and checks a TOML file; every problem of it at once, in the order of the file. Blocks while it reads.
FileSettings read_settings(const std::string& file, Problems& problems);

}  // namespace outboxd::config
