// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/layers.hpp"
#include "config/loader.hpp"
#include "config/origin.hpp"

#include <optional>
#include <string>
#include <vector>

namespace outboxd::config {

/// The settings of one dispatcher, with those of all sources applied.
struct Dispatcher {
  Layer merged;
  /// Of the socket that a Redis URL names, or empty.
  std::string redis_socket;
  /// Its place in the file, if it is a [[dispatcher]] of it.
  std::optional<Origin> entry;
};

/// One for each [[dispatcher]] of the file, or the single one where there is none. Blocks while it reads secrets'
/// files.
std::vector<Dispatcher> merge_dispatchers(const FileSettings& file, const Sources& sources, Problems& problems,
                                          Problems& warnings);

/// Puts postgres.url into libpq's words, and what it says for other settings into those, where nobody gave them
/// otherwise: postgres.pooler, postgres.statement_timeout, and the schema of dispatcher.table. libpq has the last
/// word on whether the connection can work.
void resolve_postgres(Layer& merged, const Libpq& libpq, Problems& problems, Problems& warnings);

/// Makes the parts of the Redis endpoint agree: in one source the URL wins for what it names, and a higher source
/// wins over a URL. A Unix socket leaves no host and port. Warns of what the URL says for nobody. Returns the
/// socket's path, or "".
std::string resolve_redis(Layer& merged, Problems& warnings);

}  // namespace outboxd::config
