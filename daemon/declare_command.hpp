// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace CLI {
class App;
}  // namespace CLI

namespace outboxd::daemon {

// The program's own options may stand behind the name of each command.

/// Adds a command to the program, or to a group.
CLI::App& declare_command(CLI::App& parent, const std::string& name, const std::string& description);

/// The group of commands with this name, such as `config`; the first call adds it.
CLI::App& declare_group(CLI::App& program, const std::string& name, const std::string& description);

}  // namespace outboxd::daemon
