// SPDX-License-Identifier: Apache-2.0
#include "daemon/commands/streams/streams_group.hpp"

#include "daemon/commands/declare_command.hpp"
#include "daemon/commands/exit_status.hpp"
#include "daemon/settings/load_settings.hpp"
#include "telemetry/redaction.hpp"

#include <CLI/CLI.hpp>

#include <iostream>
#include <utility>

namespace outboxd::daemon {

CLI::App& streams_group(CLI::App& program) {
  auto& group = declare_group(program, "streams", "Create, verify and watch the Redis streams and consumer groups");
  set_examples(group, {"outboxd streams provision", "outboxd streams verify", "outboxd streams status --watch"});
  return group;
}

std::optional<StreamsTargetOf> load_streams_target(const SharedOptions& shared, std::string_view command) {
  auto loaded = load_settings(shared, {.postgres = false, .signing = false});
  if (!loaded) return std::nullopt;
  StreamsTargetOf result{.dispatchers = std::move(loaded->dispatchers), .target = {}};
  result.target = streams_target(result.dispatchers);
  if (result.target.problem.empty()) return result;
  say_of_streams(command, result.target.problem);
  return std::nullopt;
}

int run_streams_command(std::string_view command, const std::function<int()>& work) {
  try {
    return work();
  } catch (const std::exception& error) {
    say_of_streams(command, error.what());
    return kCouldNotWork;
  }
}

void note_default_topology(const StreamsTarget& target) {
  if (!target.by_default) return;
  std::cerr << "the configuration has no topology: the built-in one is used (topology = \"caracal\")\n";
}

void say_of_streams(std::string_view command, std::string_view text) {
  std::cerr << "outboxd streams " << command << ": " << telemetry::log::redacted(text) << "\n";
}

}  // namespace outboxd::daemon
