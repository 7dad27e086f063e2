// SPDX-License-Identifier: Apache-2.0
// The steps from the sources to the settings of each dispatcher.
#pragma once

#include "config/loader.hpp"
#include "config/options.hpp"
#include "config/origin.hpp"
#include "config/value.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace outboxd::config {

/// A setting from one source; without a value if the given one is wrong (a problem has been reported then).
struct Entry {
  std::optional<Value> value;
  Origin origin;
};

/// The settings of one source, or of several that were applied in order, by path.
using Layer = std::map<std::string, Entry, std::less<>>;

/// Null where the setting is not set.
inline const Entry* find(const Layer& layer, std::string_view path) {
  const auto found = layer.find(path);
  return found == layer.end() ? nullptr : &found->second;
}

/// Null where the setting is not set, or is wrong.
template <class T>
const T* value_of(const Layer& layer, std::string_view path) {
  const Entry* const entry = find(layer, path);
  return entry == nullptr || !entry->value ? nullptr : std::get_if<T>(&*entry->value);
}

/// The same as a copy; empty instead of null.
template <class T = std::string>
T value_or_empty(const Layer& layer, std::string_view path) {
  const T* const value = value_of<T>(layer, path);
  return value == nullptr ? T() : *value;
}

/// Whether the setting is not set, or only by the defaults.
bool is_default(const Layer& layer, std::string_view path);

/// Applies a stronger source to the others: its settings replace theirs. A secret and the file that holds it count as
/// one setting.
void apply(const Layer& source, Layer& onto);

/// Where one source sets both a secret and the file that holds it, keeps the secret, and warns. But an outboxd name
/// (OUTBOXD_…_FILE) wins over a name that is shared with other programs.
void resolve_pairs(Layer& source, Problems& warnings);

/// Replaces the paths of secrets' files by their content. Blocks while it reads.
void open_secrets(Layer& merged, Problems& problems);

Layer default_layer(Profile profile);

/// Null if the variable is absent, empty, or set by Kubernetes for a Service that happens to be called "redis":
/// REDIS_PORT is then "tcp://10.0.0.1:6379", which is not meant as a port.
const std::string* find_variable(const Environment& environment, std::string_view name);

/// The variables that a dispatcher reads; where one setting has several names, the first in precedence wins.
Layer environment_layer(const Environment& environment, const Reader& reader, Findings& findings);

/// Reports variables that begin with OUTBOXD_ and are unknown.
void check_own_variables(const Environment& environment, Problems& problems);

/// Warns of variables that dispatchers of profile api usually read, but don't read beside a dispatcher of profile
/// coordinator in the same process, which uses the same names.
void warn_of_unread(const Environment& environment, Problems& warnings);

/// Warns of a Redis port that Kubernetes set for a Service of that name where a host was set without a port: the
/// default port is used.
void warn_of_service_port(const Environment& environment, const Layer& merged, Problems& warnings);

/// Flags by name ("--batch") with their arguments.
Layer flag_layer(const std::map<std::string, std::string>& flags, Problems& problems);

/// One [[dispatcher]] of the file.
struct FileEntry {
  /// By the paths that these settings have outside of an entry.
  Layer settings;
  /// Connections of this dispatcher alone (Origin::own).
  Layer own;
  Origin place;
};

/// The settings of a file.
struct FileSettings {
  Layer shared;
  std::vector<FileEntry> dispatchers;
  /// Settings that take effect but should be corrected.
  Problems warnings;
};

/// Reads and checks a TOML file; reports all its problems at once, in the order of the file. Blocks while it reads.
FileSettings read_settings(const std::string& file, Problems& problems);

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
std::vector<Dispatcher> merge_dispatchers(const FileSettings& file, const Sources& sources, Findings& findings);

/// Rewrites postgres.url for libpq, and applies its other parameters to the settings postgres.pooler,
/// postgres.statement_timeout and the schema of dispatcher.table, unless they are set elsewhere. libpq decides in the
/// end whether the connection can work.
void resolve_postgres(Layer& merged, const Libpq& libpq, Findings& findings);

/// Makes the parts of the Redis endpoint agree: in one source the URL wins for the parts that it names, and a higher
/// source wins over a URL. With a Unix socket host and port are empty. Warns of parts of the URL that have no effect.
/// Returns the socket's path, or "".
std::string resolve_redis(Layer& merged, Problems& warnings);

}  // namespace outboxd::config
