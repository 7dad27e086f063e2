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
Layer environment_layer(const Environment& environment, const Reader& reader, Problems& problems, Problems& warnings);

/// Variables that begin with OUTBOXD_ and mean nothing.
void check_own_variables(const Environment& environment, Problems& problems);

/// Flags by name ("--batch") with their arguments.
Layer flag_layer(const std::map<std::string, std::string>& flags, Problems& problems);

/// Of a secret and the file that holds it, given side by side, keeps the secret, and says so. But a name of our own
/// (OUTBOXD_…_FILE) wins over one that others share.
void settle_pairs(Layer& layer, Problems& warnings);

}  // namespace outboxd::config
