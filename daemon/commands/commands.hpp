// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "daemon/commands/config_command.hpp"
#include "daemon/commands/dead/discard_command.hpp"
#include "daemon/commands/dead/list_command.hpp"
#include "daemon/commands/dead/requeue_command.hpp"
#include "daemon/commands/dead/show_command.hpp"
#include "daemon/commands/doctor_command.hpp"
#include "daemon/commands/enqueue_command.hpp"
#include "daemon/commands/migrate_command.hpp"
#include "daemon/commands/prune_command.hpp"
#include "daemon/commands/replay_command.hpp"
#include "daemon/commands/run_command.hpp"
#include "daemon/commands/status_command.hpp"
#include "daemon/commands/streams/check_signatures_command.hpp"
#include "daemon/commands/streams/provision_command.hpp"
#include "daemon/commands/streams/streams_status_command.hpp"
#include "daemon/commands/streams/verify_command.hpp"
#include "daemon/commands/trace_command.hpp"

#include <variant>

namespace outboxd::daemon {

/// The list of commands, in the order in which --help shows them; the first runs if no command is named. A command
/// has its options as members, and
/// - `CLI::App& declare(CLI::App& program)`: adds the command and its options to the program. Parsing writes into the
///   object, which must keep its address until then.
/// - `std::string complete(const SharedOptions&)`: checks and converts the parsed options. Returns an error, or "".
/// - `int run(const SharedOptions&) const`: runs the command, blocks until it is done, and returns the exit status.
using Command = std::variant<RunCommand, ConfigShowCommand, ConfigCheckCommand, MigrateCommand, EnqueueCommand,
                             StatusCommand, TraceCommand, DoctorCommand, StreamsProvisionCommand,
                             StreamsVerifyCommand, StreamsStatusCommand, CheckSignaturesCommand, DeadListCommand,
                             DeadShowCommand, DeadRequeueCommand, DeadDiscardCommand, ReplayCommand, PruneCommand>;

}  // namespace outboxd::daemon
