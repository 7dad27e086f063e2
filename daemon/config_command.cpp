// SPDX-License-Identifier: Apache-2.0
#include "config/render.hpp"
#include "daemon/commands.hpp"
#include "daemon/exit_status.hpp"
#include "daemon/load_settings.hpp"

#include <iostream>

namespace outboxd::daemon {

int config_show_command(const CommandLine& line) {
  const auto loaded = load_configuration(line.shared, {.postgres = false, .signing = false});
  std::cout << (line.json ? config::render_show_json(loaded) : config::render_show(loaded)) << std::flush;
  if (loaded.problems.empty()) return kDone;
  std::cerr << config::render_problems(loaded.problems);
  return kCouldNotWork;
}

int config_check_command(const CommandLine& line) {
  const auto loaded = load_configuration(line.shared, {});
  for (const auto& warning : loaded.warnings) std::cerr << "warning: " << warning.shown() << "\n";
  if (loaded.problems.empty()) {
    std::cout << loaded.file.value_or("environment and flags") << ": no problems\n";
    return kDone;
  }
  std::cerr << config::render_problems(loaded.problems);
  return kCouldNotWork;
}

}  // namespace outboxd::daemon
