// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/loader.hpp"
#include "daemon/command_line.hpp"

#include <optional>

namespace outboxd::daemon {

/// Reads file, environment and flags. Blocks while it reads files.
[[nodiscard]] config::Loaded load_configuration(const CommandLine& line, const config::Needs& needs);

/// The settings of a command, or nothing after all problems were printed on standard error. Sets the log up, and has
/// every secret kept out of it.
[[nodiscard]] std::optional<config::Settings> load_settings(const CommandLine& line, const config::Needs& needs);

}  // namespace outboxd::daemon
