// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/layers.hpp"
#include "config/loader.hpp"
#include "config/origin.hpp"

#include <optional>
#include <string>
#include <vector>

namespace outboxd::config {

/// The settings of one dispatcher, with all sources applied.
struct Dispatcher {
  Layer merged;
  /// The path of the socket that a Redis URL names, or empty.
  std::string redis_socket;
  /// Its position in the file, if the file has a [[dispatcher]] for it.
  std::optional<Origin> entry;
};

/// The dispatchers: one for each [[dispatcher]] of the file, or a single one where there is none. Blocks while it
/// reads the files of secrets.
std::vector<Dispatcher> merge_dispatchers(const FileSettings& file, const Sources& sources, Problems& problems,
                                          Problems& warnings);

/// Rewrites postgres.url for libpq, and applies its other parameters to the settings postgres.pooler,
/// postgres.statement_timeout and the schema of dispatcher.table, unless they are set elsewhere. libpq decides in the
/// end whether the connection can work.
void resolve_postgres(Layer& merged, const Libpq& libpq, Problems& problems, Problems& warnings);

/// Makes the parts of the Redis endpoint agree: in one source the URL wins for the parts that it names, and a higher
/// source wins over a URL. With a Unix socket host and port are empty. Warns of parts of the URL that have no effect.
/// Returns the socket's path, or "".
std::string resolve_redis(Layer& merged, Problems& warnings);

}  // namespace outboxd::config
