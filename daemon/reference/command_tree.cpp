// SPDX-License-Identifier: Apache-2.0
#include "daemon/reference/command_tree.hpp"

#include "daemon/commands/declare_command.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <sstream>

namespace outboxd::daemon::reference {
namespace {

/// Without the conditions of validators, which follow a colon.
std::string value_name_of(const CLI::Option& option) {
  if (option.get_type_size_max() == 0) return {};
  const auto name = option.get_type_name();
  return name.substr(0, name.find(':'));
}

bool does_repeat(const CLI::Option& option) {
  return option.get_items_expected_max() > 1;
}

Option option_of(const CLI::Option& option) {
  Option result{.value = value_name_of(option),
                .help = option.get_description(),
                .required = option.get_required(),
                .repeats = does_repeat(option)};
  for (const auto& name : option.get_snames()) result.names.push_back("-" + name);
  for (const auto& name : option.get_lnames()) result.names.push_back("--" + name);
  return result;
}

Argument argument_of(const CLI::Option& option) {
  // A list of choices is no name.
  const auto type = value_name_of(option);
  return {.value = values_of(type) == Values::choices ? type : option.get_name(true),
          .help = option.get_description(),
          .required = option.get_required(),
          .repeats = does_repeat(option)};
}

Command command_of(const CLI::App& app) {
  Command command{.path = path_of(app),
                  .name = app.get_name(),
                  .summary = app.get_description(),
                  .about = about_of(app),
                  .statuses = exit_statuses_of(path_of(app)),
                  .examples = examples_of(app),
                  .takes_shared = app.get_fallthrough()};
  for (const auto* option : app.get_options()) {
    if (option->nonpositional()) {
      command.options.push_back(option_of(*option));
    } else {
      command.arguments.push_back(argument_of(*option));
    }
  }
  for (const auto* below : app.get_subcommands([](const CLI::App*) { return true; })) {
    command.commands.push_back(command_of(*below));
  }
  return command;
}

/// Each command declares a --help of its own.
void leave_out_shared(Command& command, const std::vector<Option>& shared) {
  if (command.takes_shared) {
    std::erase_if(command.options, [&shared](const Option& option) {
      return std::ranges::find(shared, option.names, &Option::names) != shared.end();
    });
  }
  for (auto& below : command.commands) leave_out_shared(below, shared);
}

}  // namespace

Tree tree_of(const CLI::App& program) {
  Tree tree{.program = command_of(program)};
  tree.program.takes_shared = true;
  tree.program.statuses = exit_statuses_of("run");
  tree.program.options.clear();
  for (const auto* option : program.get_options()) {
    const auto& group = option->get_group();
    auto& options = group == kSettingsGroup ? tree.settings : group == kRunGroup ? tree.program.options : tree.shared;
    options.push_back(option_of(*option));
  }
  for (auto& command : tree.program.commands) {
    leave_out_shared(command, tree.shared);
    // Its options are declared on the program, as it may be left out.
    if (command.path == "run") command.options = tree.program.options;
  }
  return tree;
}

std::vector<const Command*> all_of(const Command& command) {
  std::vector<const Command*> all{&command};
  for (const auto& below : command.commands) {
    const auto further = all_of(below);
    all.insert(all.end(), further.begin(), further.end());
  }
  return all;
}

Values values_of(const std::string& value_name) {
  if (value_name.find('|') != std::string::npos) return Values::choices;
  if (value_name == "FILE" || value_name == "PATH") return Values::files;
  return value_name == "COMMAND" ? Values::commands : Values::unknown;
}

Following following(const Command& command, const Tree& tree) {
  Following result;
  for (const auto& below : command.commands) result.words.push_back({below.name, below.summary});
  for (const auto& argument : command.arguments) {
    const auto values = values_of(argument.value);
    result.files = result.files || values == Values::files;
    if (values == Values::choices) {
      for (const auto& choice : choices_of(argument.value)) result.words.push_back({choice, argument.help});
    }
    if (values != Values::commands) continue;
    for (const auto& named : tree.program.commands) result.words.push_back({named.name, named.summary});
  }
  return result;
}

std::vector<std::string> choices_of(const std::string& value_name) {
  std::vector<std::string> choices;
  std::istringstream words{value_name};
  for (std::string word; std::getline(words, word, '|');) choices.push_back(word);
  return choices;
}

}  // namespace outboxd::daemon::reference
