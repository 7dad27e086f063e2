// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/loader.hpp"

#include <string>

namespace outboxd::daemon {

/// What a process says of itself at its start, in one line: its version, where its configuration is from, whether
/// entries are signed, and what tells one dispatcher from another: table, batch, lease, and its streams' bounds.
[[nodiscard]] std::string start_line(const config::Loaded& loaded);

}  // namespace outboxd::daemon
