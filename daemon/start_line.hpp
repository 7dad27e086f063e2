// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/loader.hpp"

#include <string>

namespace outboxd::daemon {

/// What a process says of itself at its start, in one line: its version, where its configuration is from, whether
/// entries are signed, and what tells one dispatcher from another: table (or both of which one will be chosen),
/// batch, lease, and its streams' bounds, with "exact" behind those that are kept to the entry.
[[nodiscard]] std::string start_line(const config::Loaded& loaded);

}  // namespace outboxd::daemon
