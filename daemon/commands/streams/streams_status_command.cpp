// SPDX-License-Identifier: Apache-2.0
#include "daemon/commands/streams/streams_status_command.hpp"

#include "daemon/commands/declare_command.hpp"
#include "daemon/commands/exit_status.hpp"
#include "daemon/commands/streams/streams_group.hpp"
#include "daemon/commands/terminal_output.hpp"
#include "streams/look.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <optional>
#include <thread>

namespace outboxd::daemon {
namespace {

constexpr const char* kStreamsFooter =
    "BOUND: to which the dispatchers of this configuration cut the stream. LAG: entries that the group has not "
    "read.\n"
    "OLDEST IDLE: since the pending entry with the lowest id was last delivered. LOST: entries after the group's "
    "position\n"
    "that were trimmed before it read them. AT RISK: unread entries that the next XADD would trim. Where Redis' "
    "answers\n"
    "don't prove a figure it is \"unknown\", with the reason below. Where its counters don't show a lag, up to 1000 "
    "entries\n"
    "are read to count them.";

int look_once(const StreamsStatusCommand& command, const StreamsTarget& target,
              std::optional<redis::CommandSession>& session) {
  try {
    if (!session) session.emplace(target.endpoint, target.timeout, redis::kBoundsOfLooks);
    const auto report = streams::report_on(*session, target.wanted);
    if (command.watch && !command.json) clear_terminal();
    std::cout << (command.json ? streams::json_lines_of(report) : streams::text_of(report, terminal_width()))
              << std::flush;
    return kDone;
  } catch (const std::exception& error) {
    session.reset();
    say_of_streams("status", error.what());
    return kCouldNotWork;
  }
}

}  // namespace

CLI::App& StreamsStatusCommand::declare(CLI::App& program) {
  auto& app = declare_command(streams_group(program), "status", "Show lengths, bounds, lag and losses of each group");
  app.add_option("STREAM", streams, "Only these streams; without any: all that the configuration names");
  app.add_flag("--json", json, "Print JSON, a line for each stream");
  app.add_flag("--watch", watch, "Repeat until interrupted");
  app.add_option("--every", seconds, "With --watch: the seconds between two looks [2]")
      ->type_name("SECONDS")
      ->check(CLI::Range(1, 3'600));
  app.footer(kStreamsFooter);
  set_examples(app, {"outboxd streams status", "outboxd streams status --watch --every 5 caracal.audit.events",
                     "outboxd streams status --json"});
  return app;
}

std::string StreamsStatusCommand::complete(const SharedOptions& /*shared*/) {
  return seconds && !watch ? "--every goes with --watch" : "";
}

int StreamsStatusCommand::run(const SharedOptions& shared) const {
  auto loaded = load_streams_target(shared, "status");
  if (!loaded) return kCouldNotWork;
  auto& target = loaded->target;
  if (streams.empty()) {
    note_default_topology(target);
    add_streams_of_dispatchers(loaded->dispatchers, target);
  }
  keep_only_streams(streams, loaded->dispatchers, target);
  std::optional<redis::CommandSession> session;
  for (;;) {
    const auto status = look_once(*this, target, session);
    // --watch also ends when the reader of its pipe is gone.
    if (!watch || !std::cout) return status;
    std::this_thread::sleep_for(std::chrono::seconds{seconds.value_or(2)});
  }
}

}  // namespace outboxd::daemon
