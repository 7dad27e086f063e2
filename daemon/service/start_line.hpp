// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/loader.hpp"

#include <string>

namespace outboxd::daemon {

/// The first line of the log: version, origin of the configuration, with which key entries are signed (by its id),
/// and for each dispatcher its table (or the two from which one will be chosen), batch, lease and bounds of streams;
/// "exact" marks exact bounds.
[[nodiscard]] std::string start_line(const config::Loaded& loaded);

}  // namespace outboxd::daemon
