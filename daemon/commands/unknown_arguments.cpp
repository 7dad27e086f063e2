// SPDX-License-Identifier: Apache-2.0
#include "daemon/commands/unknown_arguments.hpp"

#include "config/nearest.hpp"
#include "config/options.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cctype>
#include <string_view>

namespace outboxd::daemon {
namespace {

template <class Map>
std::vector<std::string> keys_of(const Map& map) {
  std::vector<std::string> keys;
  keys.reserve(map.size());
  for (const auto& [key, value] : map) keys.push_back(key);
  return keys;
}

/// The flag in an argument that begins with a dash, without a part that may be a value.
std::string shown_flag(const std::string& argument, bool is_near_one) {
  const auto name = argument.substr(0, argument.find('='));
  // In `-psecret` everything after the letter would be the value.
  return is_near_one || name.starts_with("--") ? name : name.substr(0, 2);
}

std::string unknown_flag(const std::string& argument, const AcceptedArguments& accepted) {
  const auto name = argument.substr(0, argument.find('='));
  if (const auto known = accepted.flags.find(name); known != accepted.flags.end() && !known->second.empty()) {
    return name + " goes with " + known->second + " alone\n";
  }
  const auto near = config::nearest_word(name, keys_of(accepted.flags));
  const auto shown = shown_flag(argument, !near.empty());
  auto text = "unknown flag " + shown + config::did_you_mean(near) + "\n";
  if (config::find_option_by_flag(name + "-file") != nullptr) {
    text += name + " would hold a secret: use " + name + "-file PATH or the environment\n";
  }
  return text;
}

/// Whether the text may be a mistyped word, and not a key, a URL or a path.
bool is_word(std::string_view text) {
  constexpr std::size_t kLongest = 24;
  const auto fits = [](unsigned char c) { return std::isalnum(c) != 0 || c == '-' || c == '_'; };
  return !text.empty() && text.size() <= kLongest && std::ranges::all_of(text, fits);
}

std::string unknown_word(const std::string& word, const AcceptedArguments& accepted) {
  const auto shown = is_word(word) ? " \"" + word + "\"" : std::string{};
  if (accepted.commands.empty()) return "unexpected argument" + shown + " after `" + accepted.after + "`\n";
  const auto near = config::nearest_word(word, keys_of(accepted.commands));
  return "unknown command" + shown + " after `" + accepted.after + "`" +
         config::did_you_mean(near.empty() ? near : accepted.commands.at(near)) + "\n";
}

bool is_shown(const CLI::App* app) {
  return !app->get_name().empty();
}

/// The command with its parents: `outboxd config show` for `show`.
std::string full_name(const CLI::App& app) {
  const auto* parent = app.get_parent();
  return parent == nullptr ? app.get_name() : full_name(*parent) + " " + app.get_name();
}

/// Names at most two commands of a flag that many have.
void add_another(std::string& commands, const std::string& command) {
  constexpr std::string_view kOthers = " or other commands";
  if (commands.ends_with(kOthers)) return;
  if (commands.find(" or ") == std::string::npos) {
    commands.append(" or ").append(command);
  } else {
    commands.append(kOthers);
  }
}

void add_flags(const CLI::App& app, const std::string& goes_with, AcceptedArguments& accepted) {
  for (const auto* option : app.get_options()) {
    for (const auto& name : option->get_lnames()) {
      const auto [known, is_new] = accepted.flags.emplace("--" + name, goes_with);
      if (!is_new && !known->second.empty()) add_another(known->second, goes_with);
    }
  }
  for (const auto* command : app.get_subcommands(is_shown)) {
    add_flags(*command, "`" + full_name(*command) + "`", accepted);
  }
}

}  // namespace

AcceptedArguments accepted_after(const CLI::App& app) {
  const auto* command = &app;
  while (!command->get_subcommands().empty()) command = command->get_subcommands().front();
  AcceptedArguments accepted{.after = full_name(*command)};
  for (const auto* next : command->get_subcommands(is_shown)) {
    accepted.commands.emplace(next->get_name(), next->get_name());
    for (const auto* nested : next->get_subcommands(is_shown)) {
      accepted.commands.emplace(nested->get_name(), next->get_name() + " " + nested->get_name());
    }
  }
  add_flags(app, "", accepted);
  return accepted;
}

std::string describe_unknown(const std::vector<std::string>& arguments, const AcceptedArguments& accepted) {
  std::string text;
  for (const auto& argument : arguments) {
    if (argument.starts_with("-") && argument != "--") text += unknown_flag(argument, accepted);
  }
  if (!text.empty()) return text;
  const auto word = std::ranges::find_if(arguments, [](const auto& argument) { return argument != "--"; });
  return word == arguments.end() ? text : unknown_word(*word, accepted);
}

}  // namespace outboxd::daemon
