// SPDX-License-Identifier: Apache-2.0
#include "daemon/declare_command.hpp"

#include <CLI/CLI.hpp>

namespace outboxd::daemon {

CLI::App& declare_command(CLI::App& parent, const std::string& name, const std::string& description) {
  return *parent.add_subcommand(name, description)->fallthrough();
}

CLI::App& declare_group(CLI::App& program, const std::string& name, const std::string& description) {
  const auto is_it = [&name](const CLI::App* app) { return app->get_name() == name; };
  if (const auto there = program.get_subcommands(is_it); !there.empty()) return *there.front();
  return *declare_command(program, name, description).require_subcommand(1);
}

}  // namespace outboxd::daemon
