// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/loader.hpp"
#include "daemon/commands/shared_options.hpp"

#include <optional>
#include <string>
#include <vector>

namespace outboxd::daemon {

/// Reads file, environment and flags. Blocks while it reads files.
[[nodiscard]] config::Loaded load_configuration(const SharedOptions& options, const config::Needs& needs);

/// Loads a command's settings; if they are wrong, prints all problems to standard error and returns nothing. With
/// --dispatcher, keeps only the named dispatchers, in the file's order. Sets up the log, and masks every secret in
/// it.
[[nodiscard]] std::optional<config::Loaded> load_settings(const SharedOptions& options, const config::Needs& needs);

/// Loads the settings again in a running daemon: errors are returned as problems, and nothing is printed or set up.
/// May be called from any thread.
[[nodiscard]] config::Loaded load_again(const SharedOptions& options, const config::Needs& needs);

/// Keeps only the named dispatchers, or all if there are no names. Returns a message for an unknown name, else "".
[[nodiscard]] std::string keep_only(const std::vector<std::string>& names,
                                    std::vector<config::Settings>& dispatchers);

}  // namespace outboxd::daemon
