// SPDX-License-Identifier: Apache-2.0
#include "daemon/command_line.hpp"
#include "daemon/commands.hpp"
#include "daemon/exit_status.hpp"
#include "system/private_memory.hpp"
#include "telemetry/redaction.hpp"

#include <exception>
#include <iostream>
#include <variant>

namespace {

using namespace outboxd::daemon;

int dispatch_command(const CommandLine& line) {
  switch (line.command) {
    case Command::run:
      return run_command(line);
    case Command::config_show:
      return config_show_command(line);
    case Command::config_check:
      return config_check_command(line);
    case Command::migrate:
      return migrate_command(line);
    case Command::enqueue:
      return enqueue_command(line);
    case Command::status:
      return status_command(line);
  }
  return kCouldNotWork;
}

}  // namespace

int main(int argc, char** argv) {
  outboxd::system::keep_memory_private();
  try {
    const auto parsed = parse_command_line(argc, argv);
    if (const auto* exit = std::get_if<ExitNow>(&parsed)) {
      std::cout << exit->output;
      std::cerr << exit->error;
      return exit->status;
    }
    return dispatch_command(std::get<CommandLine>(parsed));
  } catch (const std::exception& error) {
    std::cerr << "outboxd: ended by something unexpected: " << outboxd::telemetry::log::redacted(error.what())
              << "\n";
    return kIncomplete;
  }
}
