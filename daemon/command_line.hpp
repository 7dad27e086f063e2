// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "daemon/shared_options.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace outboxd::daemon {

enum class Command { run, config_show, config_check, migrate, enqueue, status };

/// What was asked for on the command line, before any setting is looked at.
struct CommandLine {
  Command command = Command::run;
  SharedOptions shared;

  bool once = false;
  std::optional<std::chrono::milliseconds> once_timeout;

  bool json = false;
  bool watch = false;
  bool dry_run = false;
  std::optional<int> revert;
  /// Without a question before a table is dropped.
  bool yes = false;
  /// Optional migrations, by their flags without dashes.
  std::vector<std::string> optional_migrations;

  std::string stream;
  std::vector<std::string> assignments;
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
