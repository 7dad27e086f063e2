// SPDX-License-Identifier: Apache-2.0
#include "daemon/commands/command_line.hpp"

#include "daemon/commands/declare_command.hpp"
#include "daemon/commands/exit_status.hpp"
#include "daemon/commands/printed_commands.hpp"
#include "daemon/commands/unknown_arguments.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <sstream>
#include <type_traits>
#include <utility>
#include <vector>

namespace outboxd::daemon {
namespace {

constexpr const char* kAbout =
    "Publishes rows of a Postgres outbox table as HMAC-signed Redis Streams entries, each at least once.\n"
    "Without a subcommand it runs as a daemon (`outboxd run`).";

constexpr const char* kFooter =
    "Settings also come from the environment and from a TOML file; `outboxd config show` prints the origin of each.\n"
    "Secrets (connection URLs, passwords, keys) come from the environment or files, never from flags.";

/// A command of the list, and the parser of its part of the command line.
struct Declared {
  Command command;
  CLI::App* app = nullptr;
};

template <class... Each>
std::vector<Declared> one_of_each(std::type_identity<std::variant<Each...>> /*list*/) {
  return {Declared{Each{}}...};
}

/// Parsing writes into the commands. They keep their addresses when the vector is moved.
std::vector<Declared> declare_commands(CLI::App& program) {
  auto commands = one_of_each(std::type_identity<Command>{});
  for (auto& declared : commands) {
    declared.app = std::visit([&program](auto& command) { return &command.declare(program); }, declared.command);
  }
  return commands;
}

/// The program's own options, and everything below it. These objects must keep their addresses until it is parsed.
std::vector<Declared> declare_all(CLI::App& program, SharedOptions& shared, PrintedCommands& printed) {
  program.footer(kFooter);
  program.require_subcommand(0, 1);
  program.set_version_flag("-V,--version", version_text());
  shared.declare(program);
  auto commands = declare_commands(program);
  printed.declare(program);
  shared.declare_settings(program);
  return commands;
}

ExitNow exit_for(const CLI::App& app, const CLI::ParseError& error) {
  std::ostringstream out;
  std::ostringstream err;
  const auto status = app.exit(error, out, err);
  return {status == 0 ? kDone : kCouldNotWork, out.str(), err.str()};
}

ExitNow usage_error(std::string text) {
  return {kCouldNotWork, {}, std::move(text) + "\nsee outboxd --help\n"};
}

ExitNow unknown_arguments(const std::vector<std::string>& arguments, const CLI::App& app) {
  return {kCouldNotWork, {}, describe_unknown(arguments, accepted_after(app)) + "see outboxd --help\n"};
}

/// `outboxd help config show` is `outboxd config show --help`.
std::variant<CommandLine, ExitNow> help_about(const std::vector<std::string>& words) {
  std::vector<const char*> arguments{"outboxd"};
  for (const auto& word : words) arguments.push_back(word.c_str());
  arguments.push_back("--help");
  return parse_command_line(static_cast<int>(arguments.size()), arguments.data());
}

/// The error for a group without a command, such as `outboxd config`; empty if there is none.
std::string lacks_a_command(const CLI::App& app) {
  for (const auto* group : app.get_subcommands()) {
    if (group->get_require_subcommand_min() == 0 || !group->get_subcommands().empty()) continue;
    std::string names;
    for (const auto* command : group->get_subcommands([](const CLI::App*) { return true; })) {
      names.append(names.empty() ? "" : " or ").append(command->get_name());
    }
    return group->get_name() + " needs a command: " + names;
  }
  return {};
}

std::variant<CommandLine, ExitNow> finished(std::vector<Declared> commands, SharedOptions shared) {
  const auto named = std::ranges::find_if(commands, [](const auto& declared) { return declared.app->parsed(); });
  // Without a name, the first command is meant.
  auto& chosen = named == commands.end() ? commands.front().command : named->command;
  const auto wrong = std::visit([&shared](auto& command) { return command.complete(shared); }, chosen);
  if (!wrong.empty()) return usage_error(wrong);
  if (!std::holds_alternative<RunCommand>(chosen) &&
      std::get<RunCommand>(commands.front().command).has_own_options()) {
    return usage_error("--once and --timeout go with `outboxd run` alone");
  }
  return CommandLine{std::move(chosen), std::move(shared)};
}

}  // namespace

std::variant<CommandLine, ExitNow> parse_command_line(int argc, const char* const* argv) {
  SharedOptions shared;
  PrintedCommands printed;
  CLI::App app{kAbout, "outboxd"};
  auto commands = declare_all(app, shared, printed);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // Unknown arguments first, as they usually cause the other errors.
    const auto unknown = app.remaining(true);
    if (!unknown.empty()) return unknown_arguments(unknown, app);
    const auto lacking = lacks_a_command(app);
    if (!lacking.empty() && error.get_exit_code() != 0) return usage_error(lacking);
    // `run` has the program's own options, and so the program's help.
    if (dynamic_cast<const CLI::CallForHelp*>(&error) != nullptr && app.got_subcommand("run")) return help_about({});
    return exit_for(app, error);
  }
  if (const auto words = printed.help_about(app)) return help_about(*words);
  if (const auto problem = printed.problem(app); !problem.empty()) return usage_error(problem);
  if (auto output = printed.output(app)) return ExitNow{kDone, std::move(*output), {}};
  return finished(std::move(commands), std::move(shared));
}

reference::Tree declared_commands() {
  SharedOptions shared;
  PrintedCommands printed;
  CLI::App app{kAbout, "outboxd"};
  const auto commands = declare_all(app, shared, printed);
  return reference::tree_of(app);
}

}  // namespace outboxd::daemon
