// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "daemon/commands.hpp"
#include "daemon/shared_options.hpp"

#include <string>
#include <variant>

namespace outboxd::daemon {

/// What was asked for on the command line, before any setting is looked at.
struct CommandLine {
  /// With its own options.
  Command command;
  SharedOptions shared;
};

/// Nothing to run: what to print, and how to exit.
struct ExitNow {
  int status = 0;
  std::string output;
  std::string error;
};

/// Reads the command line. Messages about unknown arguments never repeat a value, which may be a secret.
[[nodiscard]] std::variant<CommandLine, ExitNow> parse_command_line(int argc, const char* const* argv);

}  // namespace outboxd::daemon
