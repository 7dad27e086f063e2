// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/settings.hpp"

#include <string>

namespace outboxd::daemon {

// What every command does that changes something on an operator's word.

/// The reason for a command that must ask, and has no terminal to ask at.
inline constexpr const char* kNoTerminal =
    "there is no terminal to ask at: say --yes as well, or --dry-run to see how many rows there are";
/// The reason for a command whose question was not answered by yes.
inline constexpr const char* kNotYes = "the answer was not yes: nothing is changed";

/// Whether standard input is a terminal.
[[nodiscard]] bool may_ask();

/// Asks on standard error, and reads a line.
[[nodiscard]] bool answers_yes(const std::string& question);

/// Logs who did what. Always written, whatever log.level is.
void log_action(const config::Settings& settings, const std::string& line);

}  // namespace outboxd::daemon
