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

/// Adds a command that only prints what is declared, and accepts no options of the program.
CLI::App& declare_printed(CLI::App& program, const std::string& name, const std::string& description);

/// The group of commands with this name, such as `config`; the first call adds it.
CLI::App& declare_group(CLI::App& program, const std::string& name, const std::string& description);

/// Ends the command's --help with its exit statuses, and with these example command lines, each of which may have a
/// comment. What the footer says of the command comes first, so it is set before.
void set_examples(CLI::App& command, const std::vector<std::string>& examples);

/// A command's words after the program's name, such as `dead list`; empty for the program.
[[nodiscard]] std::string path_of(const CLI::App& command);

/// What the command's footer says before exit statuses and examples.
[[nodiscard]] std::string about_of(const CLI::App& command);
[[nodiscard]] std::vector<std::string> examples_of(const CLI::App& command);

}  // namespace outboxd::daemon
