// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "daemon/config_command.hpp"
#include "daemon/enqueue_command.hpp"
#include "daemon/migrate_command.hpp"
#include "daemon/run_command.hpp"
#include "daemon/status_command.hpp"

#include <variant>

namespace outboxd::daemon {

/// The list of commands, in the order in which --help shows them; the first is the one without a name. A command has
/// its options as members, and
/// - `CLI::App& declare(CLI::App& program)`: adds itself and its options to the program. Parsing writes into the
///   object, which must stay where it is until then.
/// - `std::string complete(const SharedOptions&)`: takes a parsed command line to its end. Returns what is wrong with
///   the options, or "".
/// - `int run(const SharedOptions&) const`: does its work, blocks until it is done, and returns the exit status.
using Command =
    std::variant<RunCommand, ConfigShowCommand, ConfigCheckCommand, MigrateCommand, EnqueueCommand, StatusCommand>;

}  // namespace outboxd::daemon
