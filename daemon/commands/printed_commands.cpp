// SPDX-License-Identifier: Apache-2.0
#include "daemon/commands/printed_commands.hpp"

#include "config/text.hpp"
#include "daemon/commands/declare_command.hpp"
#include "daemon/reference/completions.hpp"
#include "daemon/reference/manual.hpp"

#include <CLI/CLI.hpp>

namespace outboxd::daemon {

void PrintedCommands::declare(CLI::App& program) {
  auto& completion = declare_printed(program, "completion", "Print the completion script for a shell");
  completion.add_option("SHELL", shell_, "The shell")->required()->type_name(reference::kShells);
  completion.footer("`cmake --install` puts the scripts where the shells look for them.");
  set_examples(completion, {"outboxd completion bash > ~/.local/share/bash-completion/completions/outboxd",
                            "outboxd completion zsh > /usr/local/share/zsh/site-functions/_outboxd",
                            "outboxd completion fish > ~/.config/fish/completions/outboxd.fish"});
  set_examples(declare_printed(program, "manual", "Print the manual page, as man(1) reads it"),
               {"outboxd manual | man -l -", "outboxd manual > /usr/local/share/man/man1/outboxd.1"});
  auto& help = declare_printed(program, "help", "Print this help, or that of a command");
  help.add_option("COMMAND", about_, "The command to explain, such as status or config show");
  set_examples(help, {"outboxd help config show"});
  set_examples(declare_printed(program, "version", "Print the version (also -V, --version)"), {"outboxd version"});
}

std::optional<std::vector<std::string>> PrintedCommands::help_about(const CLI::App& program) const {
  return program.got_subcommand("help") ? std::optional{about_} : std::nullopt;
}

std::optional<std::string> PrintedCommands::output(const CLI::App& program) const {
  if (program.got_subcommand("version")) return version_text() + "\n";
  if (program.got_subcommand("completion")) return completion_for(shell_, reference::tree_of(program));
  if (!program.got_subcommand("manual")) return std::nullopt;
  return manual_page(reference::tree_of(program), reference::environment_variables());
}

std::string PrintedCommands::problem(const CLI::App& program) const {
  if (!program.got_subcommand("completion")) return {};
  for (const auto& shell : reference::choices_of(reference::kShells)) {
    if (shell == shell_) return {};
  }
  return "there are completions for bash, zsh and fish, not for " + config::echoed(shell_);
}

std::string version_text() {
  return std::string{"outboxd "} + OUTBOXD_VERSION;
}

}  // namespace outboxd::daemon
