// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/environment.hpp"
#include "config/origin.hpp"
#include "config/settings.hpp"
#include "config/value.hpp"

#include <functional>
#include <map>
#include <optional>
#include <string>

namespace outboxd::config {

/// A setting as one source gives it; without a value if what it gives is wrong (there is a problem about it then).
struct Entry {
  std::optional<Value> value;
  Origin origin;
};

/// What one source sets, by path.
using Layer = std::map<std::string, Entry, std::less<>>;

Layer default_layer(Profile profile);

/// Reads and checks a TOML file; every problem of it at once, in the order of the file.
Layer file_layer(const std::string& file, Problems& problems);

/// The variables that a profile's dispatcher reads; of several names for one setting, the first in precedence.
Layer environment_layer(const Environment& environment, Profile profile, Problems& problems);

/// Variables that begin with OUTBOXD_ and mean nothing.
void check_own_variables(const Environment& environment, Problems& problems);

/// Flags by name ("--batch") with their arguments.
Layer flag_layer(const std::map<std::string, std::string>& flags, Problems& problems);

}  // namespace outboxd::config
