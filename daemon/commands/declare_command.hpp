// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}  // namespace CLI

namespace outboxd::daemon {

/// Adds a command to the program or to a group. The program's own options may follow the command's name.
CLI::App& declare_command(CLI::App& parent, const std::string& name, const std::string& description);

/// Ends the command's --help with these example command lines, each of which may have a comment. They replace the
/// examples that the command inherits from its parent; the rest of the parent's footer is kept.
void set_examples(CLI::App& command, const std::vector<std::string>& examples);

/// The group of commands with this name, such as `config`; the first call adds it.
CLI::App& declare_group(CLI::App& program, const std::string& name, const std::string& description);

}  // namespace outboxd::daemon
