// SPDX-License-Identifier: Apache-2.0
#include "daemon/commands/config_command.hpp"

#include "config/render.hpp"
#include "daemon/commands/declare_command.hpp"
#include "daemon/commands/exit_status.hpp"
#include "daemon/settings/load_settings.hpp"

#include <CLI/CLI.hpp>

#include <iostream>

namespace outboxd::daemon {
namespace {

CLI::App& config_group(CLI::App& program) {
  auto& group = declare_group(program, "config", "Show or check the configuration");
  set_examples(group, {"outboxd config show", "outboxd config check"});
  return group;
}

/// `config show` and `config check` concern the whole configuration, so --dispatcher is refused.
std::string refuse_dispatchers(const SharedOptions& shared) {
  return shared.dispatchers.empty() ? "" : "--dispatcher does not go with `outboxd config`";
}

}  // namespace

CLI::App& ConfigShowCommand::declare(CLI::App& program) {
  auto& app = declare_command(config_group(program), "show",
                              "Print every effective value with its origin; secrets are masked");
  app.add_flag("--json", json, "Print JSON");
  set_examples(app, {"outboxd config show",
                     "outboxd config show --profile coordinator --json  # what another profile would change"});
  return app;
}

std::string ConfigShowCommand::complete(const SharedOptions& shared) {
  return refuse_dispatchers(shared);
}

int ConfigShowCommand::run(const SharedOptions& shared) const {
  const auto loaded = load_configuration(shared, {.postgres = false, .signing = false});
  std::cout << (json ? config::render_show_json(loaded) : config::render_show(loaded)) << std::flush;
  if (loaded.problems.empty()) return kDone;
  std::cerr << config::render_problems(loaded.problems);
  return kCouldNotWork;
}

CLI::App& ConfigCheckCommand::declare(CLI::App& program) {
  auto& app =
      declare_command(config_group(program), "check", "Report everything that is wrong with the configuration");
  app.add_option("FILE", file, "The file to check instead of the one in use")->type_name("FILE");
  set_examples(app, {"outboxd config check                     # the configuration in use",
                     "outboxd config check ./new-outboxd.toml  # a file before it is put in place"});
  return app;
}

std::string ConfigCheckCommand::complete(const SharedOptions& shared) {
  return refuse_dispatchers(shared);
}

int ConfigCheckCommand::run(const SharedOptions& shared) const {
  auto options = shared;
  if (!file.empty()) options.config_file = file;
  const auto loaded = load_configuration(options, {});
  for (const auto& warning : loaded.warnings) std::cerr << "warning: " << warning.shown() << "\n";
  if (loaded.problems.empty()) {
    std::cout << loaded.file.value_or("environment and flags") << ": no problems\n";
    return kDone;
  }
  std::cerr << config::render_problems(loaded.problems);
  return kCouldNotWork;
}

}  // namespace outboxd::daemon
