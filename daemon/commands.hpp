// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "daemon/command_line.hpp"

namespace outboxd::daemon {

// One function a subcommand; each blocks until it is done and returns the process' exit status.

int run_command(const CommandLine& line);
int config_show_command(const CommandLine& line);
int config_check_command(const CommandLine& line);
int migrate_command(const CommandLine& line);
int enqueue_command(const CommandLine& line);
int status_command(const CommandLine& line);

}  // namespace outboxd::daemon
