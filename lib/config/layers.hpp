// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/environment.hpp"
#include "config/options.hpp"
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

/// The variables that a dispatcher reads; of several names for one setting, the first in precedence.
Layer environment_layer(const Environment& environment, const Reader& reader, Problems& problems);

/// Variables that begin with OUTBOXD_ and mean nothing.
void check_own_variables(const Environment& environment, Problems& problems);

/// Flags by name ("--batch") with their arguments.
Layer flag_layer(const std::map<std::string, std::string>& flags, Problems& problems);

/// A secret and the file that holds it must not be given side by side: which one counts would be a guess.
void check_pairs(const Layer& layer, Problems& problems);

}  // namespace outboxd::config
