// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "daemon/commands/commands.hpp"
#include "daemon/commands/shared_options.hpp"
#include "daemon/reference/command_tree.hpp"

#include <string>
#include <variant>

namespace outboxd::daemon {

/// A parsed command line; settings are not read yet.
struct CommandLine {
  /// The command with its own options.
  Command command;
  SharedOptions shared;
};

/// There is no command to run: the texts to print, and the exit status.
struct ExitNow {
  int status = 0;
  std::string output;
  std::string error;
};

/// Parses the command line. Messages about unknown arguments never repeat a value, as it may be a secret.
[[nodiscard]] std::variant<CommandLine, ExitNow> parse_command_line(int argc, const char* const* argv);

/// Every command and option that is declared.
[[nodiscard]] reference::Tree declared_commands();

}  // namespace outboxd::daemon
