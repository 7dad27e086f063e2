// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}  // namespace CLI

namespace outboxd::daemon {

// The program's own options may stand behind the name of each command.

/// Adds a command to the program, or to a group.
CLI::App& declare_command(CLI::App& parent, const std::string& name, const std::string& description);

/// Ends the command's --help with these command lines, each of which may have a comment. A command inherits what its
/// parent's help ends with, and has its own examples instead of its parent's.
void set_examples(CLI::App& command, const std::vector<std::string>& examples);

/// The group of commands with this name, such as `config`; the first call adds it.
CLI::App& declare_group(CLI::App& program, const std::string& name, const std::string& description);

}  // namespace outboxd::daemon
