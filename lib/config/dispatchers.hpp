// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/environment.hpp"
#include "config/file_layer.hpp"
#include "config/layers.hpp"
#include "config/origin.hpp"
#include "config/postgres_url.hpp"
#include "config/settings.hpp"

#include <optional>
#include <string>
#include <vector>

namespace outboxd::config {

/// The settings of one dispatcher, merged from all sources.
struct Dispatcher {
  Layer merged;
  /// Of the socket that a Redis URL names, or empty.
  std::string redis_socket;
  /// Its place in the file, if it is a [[dispatcher]] of it.
  std::optional<Origin> entry;
};

/// One for each [[dispatcher]] of the file, or the single one where there is none. Blocks while it reads secrets'
/// files.
std::vector<Dispatcher> merge_dispatchers(const FileSettings& file, const Environment& environment, Layer flags,
                                          const Libpq& libpq, Problems& problems, Problems& warnings);

}  // namespace outboxd::config
