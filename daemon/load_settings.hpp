// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/loader.hpp"
#include "daemon/shared_options.hpp"

#include <optional>
#include <string>
#include <vector>

namespace outboxd::daemon {

/// Reads file, environment and flags. Blocks while it reads files.
[[nodiscard]] config::Loaded load_configuration(const SharedOptions& options, const config::Needs& needs);

/// The settings of a command, or nothing after all problems were printed on standard error. With --dispatcher, its
/// dispatchers are those alone, in the file's order. Sets the log up, and has every secret kept out of it.
[[nodiscard]] std::optional<config::Loaded> load_settings(const SharedOptions& options, const config::Needs& needs);

/// The same again while a daemon works: what is wrong is among the problems, and nothing is printed or set up. Safe
/// on any thread.
[[nodiscard]] config::Loaded load_again(const SharedOptions& options, const config::Needs& needs);

/// Leaves those of these names. What is wrong with the names, or nothing.
[[nodiscard]] std::string keep_only(const std::vector<std::string>& names,
                                    std::vector<config::Settings>& dispatchers);

}  // namespace outboxd::daemon
