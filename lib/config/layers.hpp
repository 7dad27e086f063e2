// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/environment.hpp"
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

/// A setting as one source gives it; without a value if what it gives is wrong (there is a problem about it then).
struct Entry {
  std::optional<Value> value;
  Origin origin;
};

/// What one source sets, or several in their order have set, by path.
using Layer = std::map<std::string, Entry, std::less<>>;

/// Null where the setting is not given.
inline const Entry* find(const Layer& layer, std::string_view path) {
  const auto found = layer.find(path);
  return found == layer.end() ? nullptr : &found->second;
}

/// Null where the setting is not given, or is wrong.
template <class T>
const T* value_of(const Layer& layer, std::string_view path) {
  const Entry* const entry = find(layer, path);
  return entry == nullptr || !entry->value ? nullptr : std::get_if<T>(&*entry->value);
}

/// The same as a copy, and empty where it is null.
template <class T>
T value_or_empty(const Layer& layer, std::string_view path) {
  const T* const value = value_of<T>(layer, path);
  return value == nullptr ? T() : *value;
}

/// Whether nobody gave the setting, or only the defaults did.
bool is_default(const Layer& layer, std::string_view path);

/// Puts a stronger source over the others: what it gives replaces what they gave. A secret and the file that holds it
/// are one setting.
void apply(const Layer& source, Layer& onto);

/// Of a secret and the file that holds it, given side by side in one source, keeps the secret, and says so. But a
/// name of our own (OUTBOXD_…_FILE) wins over one that others share.
void settle_pairs(Layer& source, Problems& warnings);

/// Replaces the paths of secrets' files by what is in them. Blocks while it reads.
void open_secrets(Layer& merged, Problems& problems);

Layer default_layer(Profile profile);

/// The variables that a dispatcher reads; of several names for one setting, the first in precedence.
Layer environment_layer(const Environment& environment, const Reader& reader, Problems& problems, Problems& warnings);

/// Variables that begin with OUTBOXD_ and mean nothing.
void check_own_variables(const Environment& environment, Problems& problems);

/// Warns of names that dispatchers of profile api would read, and don't, as one of profile coordinator, which has
/// names so called, runs in the same process.
void warn_of_unread(const Environment& environment, Problems& warnings);

/// Warns of a port of Redis that Kubernetes gave for a Service of that name ("tcp://10.0.0.1:6379") where a host was
/// chosen without a port: the variable is no port of ours, and the default one is taken.
void warn_of_service_port(const Environment& environment, const Layer& merged, Problems& warnings);

/// Flags by name ("--batch") with their arguments.
Layer flag_layer(const std::map<std::string, std::string>& flags, Problems& problems);

/// One [[dispatcher]] of the file.
struct FileEntry {
  /// By the paths that these settings have outside of an entry.
  Layer settings;
  /// The connections that are for this dispatcher alone (Origin::own).
  Layer own;
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
