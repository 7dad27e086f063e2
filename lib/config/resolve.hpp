// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/layers.hpp"
#include "config/origin.hpp"
#include "config/settings.hpp"

#include <vector>

namespace outboxd::config {

/// Every setting from the highest layer that gives it; `layers` in rising order. Reads the files of those secrets
/// that come from one; the `_file` settings themselves are gone from the result.
Layer merge(const std::vector<Layer>& layers, Problems& problems);

/// Makes the parts of the Redis endpoint agree: in one source the URL wins for what it names, and a higher source
/// wins over a URL. A Unix socket leaves no host and port. Warns of what the URL says for nobody. Returns the
/// socket's path, or "".
std::string settle_redis(Layer& merged, Problems& warnings);

/// Stores every value in its field.
Settings store(const Layer& merged);

}  // namespace outboxd::config
