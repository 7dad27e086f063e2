// SPDX-License-Identifier: Apache-2.0
#include "daemon/reference/manual.hpp"

#include "config/loader.hpp"
#include "config/options.hpp"
#include "daemon/reference/quoting.hpp"

#include <algorithm>
#include <sstream>

namespace outboxd::daemon::reference {
namespace {

std::string section(const std::string& title) {
  return ".SH " + roff_argument(title) + "\n";
}

std::string paragraph(const std::string& text) {
  return ".PP\n" + roff_prose(text) + "\n";
}

/// A term, with what it means.
std::string item(const std::string& term, const std::string& text) {
  return ".TP\n" + term + "\n" + roff_prose(text) + "\n";
}

std::string bold(const std::string& text) {
  return "\\fB" + roff_text(text) + "\\fR";
}

std::string italic(const std::string& text) {
  return "\\fI" + roff_text(text) + "\\fR";
}

std::string items_of(const std::vector<Option>& options) {
  std::string roff;
  for (const auto& option : options) {
    std::string term;
    for (const auto& name : option.names) term += (term.empty() ? "" : ", ") + bold(name);
    if (!option.value.empty()) term += " " + italic(option.value);
    roff += item(term, option.help + (option.required ? " (required)" : ""));
  }
  return roff;
}

std::string items_of(const std::vector<StatusMeaning>& meanings) {
  std::string roff;
  for (const auto& [status, meaning] : meanings) roff += item(bold(status), meaning);
  return roff;
}

std::string usage_of(const Command& command) {
  auto line = bold(command.path.empty() ? "outboxd" : "outboxd " + command.path);
  if (command.takes_shared) line += " [" + italic("OPTION") + "]...";
  for (const auto& argument : command.arguments) {
    const auto name = italic(argument.value) + (argument.repeats ? "..." : "");
    line += argument.required ? " " + name : " [" + name + "]";
  }
  return line + "\n";
}

std::string examples_of(const Command& command) {
  std::string roff = ".PP\nExamples:\n.PP\n.RS 4\n.nf\n";
  for (const auto& example : command.examples) roff += roff_text(example) + "\n";
  return roff + ".fi\n.RE\n";
}

std::string about(const Command& command) {
  return command.about.empty() ? "" : paragraph(command.about);
}

/// Groups are only there for the commands below them.
std::string about_command(const Command& command) {
  if (!command.commands.empty()) return {};
  auto roff =
      ".SS " + roff_argument("outboxd " + command.path) + "\n" + usage_of(command) + paragraph(command.summary);
  for (const auto& argument : command.arguments) roff += item(italic(argument.value), argument.help);
  roff += items_of(command.options) + about(command);
  if (!command.statuses.empty()) roff += ".PP\nExit status:\n" + items_of(command.statuses);
  return roff + examples_of(command);
}

std::string synopsis(const Command& program) {
  auto roff = section("SYNOPSIS") + usage_of(program);
  for (const auto* command : all_of(program)) {
    if (!command->path.empty() && command->commands.empty()) roff += ".br\n" + usage_of(*command);
  }
  return roff;
}

}  // namespace

std::string manual_page(const Tree& tree, const std::vector<Variable>& variables) {
  const auto& program = tree.program;
  std::ostringstream roff;
  roff << R"(.\" Made by `outboxd manual`.)"
       << "\n.TH OUTBOXD 1 \"\" " << roff_argument(std::string{"outboxd "} + OUTBOXD_VERSION)
       << " \"User Commands\"\n.nh\n.ad l\n"
       << section("NAME") << "outboxd \\- publish rows of a Postgres outbox table as signed Redis Streams entries\n"
       << synopsis(program) << section("DESCRIPTION") << roff_prose(program.summary) << "\n"
       << about(program) << section("OPTIONS") << paragraph("Options of `outboxd run`, also without its name:")
       << items_of(program.options) << paragraph("Every command with an [OPTION] accepts these, too:")
       << items_of(tree.shared) << section("SETTINGS")
       << paragraph("These set a setting for one command, and win over the environment and the configuration file:")
       << items_of(tree.settings) << section("COMMANDS");
  for (const auto* command : all_of(program)) {
    if (!command->path.empty()) roff << about_command(*command);
  }
  roff << section("EXIT STATUS") << paragraph("The commands above list their own. With every command, too:")
       << items_of(exit_statuses_of("")) << section("EXAMPLES")
       << examples_of(program).substr(std::string{".PP\nExamples:\n"}.size()) << section("ENVIRONMENT")
       << paragraph(
              "Each setting also comes from these variables; flags win over them, and they over the file. Those "
              "whose name ends in _FILE hold the path of a file with the value.");
  for (const auto& variable : variables) roff << item(bold(variable.name), variable.help);
  roff << section("FILES")
       << item(italic(std::string{config::kDefaultFile}),
               "The configuration, if neither --config nor " + std::string{config::kConfigEnv} +
                   " names another; `outboxd config show` prints every value with its origin")
       << section("SEE ALSO") << paragraph("psql(1), redis-cli(1), systemd.service(5)");
  return roff.str();
}

}  // namespace outboxd::daemon::reference
