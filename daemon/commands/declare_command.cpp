// SPDX-License-Identifier: Apache-2.0
#include "daemon/commands/declare_command.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>

namespace outboxd::daemon {
namespace {

constexpr const char* kExamples = "\n\nExamples:";

}  // namespace

CLI::App& declare_command(CLI::App& parent, const std::string& name, const std::string& description) {
  return *parent.add_subcommand(name, description)->fallthrough();
}

CLI::App& declare_group(CLI::App& program, const std::string& name, const std::string& description) {
  const auto is_it = [&name](const CLI::App* app) { return app->get_name() == name; };
  if (const auto there = program.get_subcommands(is_it); !there.empty()) return *there.front();
  return *declare_command(program, name, description).require_subcommand(1);
}

void set_examples(CLI::App& command, const std::vector<std::string>& examples) {
  auto footer = command.get_footer();
  footer.erase(std::min(footer.find(kExamples), footer.size()));
  footer.append(kExamples);
  for (const auto& example : examples) footer.append("\n  ").append(example);
  command.footer(footer);
}

}  // namespace outboxd::daemon
