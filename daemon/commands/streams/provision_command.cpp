// SPDX-License-Identifier: Apache-2.0
#include "daemon/commands/streams/provision_command.hpp"

#include "daemon/commands/declare_command.hpp"
#include "daemon/commands/exit_status.hpp"
#include "daemon/commands/streams/streams_group.hpp"
#include "streams/look.hpp"
#include "streams/provision_text.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <exception>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

namespace outboxd::daemon {
namespace {

constexpr const char* kProvisionFooter =
    "Creates each missing stream and consumer group of the configured topology (topology, [streams]; without one\n"
    "that of topology = \"caracal\"). Whatever exists is left as it is, so it may run any number of times, and in "
    "several\n"
    "init containers at once. If a key has another type, nothing is created.";

/// The results; empty if the connection failed before all were known.
std::optional<std::vector<streams::StepResult>> run_steps(redis::CommandSession& session,
                                                          const std::vector<streams::Step>& steps) {
  try {
    return streams::provision(session, steps);
  } catch (const std::exception& error) {
    say_of_streams("provision", std::string{error.what()} + "; some of it may be created: run this again");
    return std::nullopt;
  }
}

int provision(const StreamsProvisionCommand& command, const StreamsTarget& target) {
  redis::CommandSession session{target.endpoint, target.timeout, redis::kBoundsOfLooks};
  const auto seen = streams::look(session, target.wanted);
  const auto plan = streams::plan_of(target.wanted, seen, command.with_optional);
  for (const auto& warning : plan.warnings) std::cerr << "warning: " << warning << "\n";
  if (!plan.problems.empty()) {
    for (const auto& problem : plan.problems) say_of_streams("provision", problem);
    say_of_streams("provision", "nothing was created");
    return kCouldNotWork;
  }
  if (command.dry_run) {
    for (const auto& step : plan.steps) std::cout << "redis-cli " << streams::shell_line(step.command) << "\n";
    if (plan.steps.empty()) std::cerr << "nothing is missing\n";
    return kDone;
  }
  const auto results = run_steps(session, plan.steps);
  if (!results) return kIncomplete;
  std::cout << (command.json ? streams::provision_json(plan, *results, target.by_default)
                             : streams::provision_text(plan, *results, target.by_default))
            << std::flush;
  const auto refused = [](const auto& result) { return result.outcome == streams::StepResult::Outcome::refused; };
  if (std::ranges::none_of(*results, refused)) return kDone;
  for (std::size_t i = 0; i < results->size(); ++i) {
    if (refused((*results)[i])) say_of_streams("provision", streams::refusal_text(plan.steps[i], (*results)[i]));
  }
  return kIncomplete;
}

}  // namespace

CLI::App& StreamsProvisionCommand::declare(CLI::App& program) {
  auto& app = declare_command(streams_group(program), "provision", "Create missing streams and consumer groups");
  app.add_flag("--dry-run", dry_run, "Print the commands that would run, without running them");
  app.add_flag("--with-optional", with_optional, "Create the groups that are declared as optional, too");
  app.add_flag("--json", json, "Print JSON, a line for each stream and group");
  app.footer(kProvisionFooter);
  set_examples(app, {"outboxd streams provision --dry-run", "outboxd streams provision --with-optional"});
  return app;
}

std::string StreamsProvisionCommand::complete(const SharedOptions& /*shared*/) {
  return dry_run && json ? "--dry-run prints commands, so --json does not go with it" : "";
}

int StreamsProvisionCommand::run(const SharedOptions& shared) const {
  const auto loaded = load_streams_target(shared, "provision");
  if (!loaded) return kCouldNotWork;
  note_default_topology(loaded->target);
  return run_streams_command("provision", [&] { return provision(*this, loaded->target); });
}

}  // namespace outboxd::daemon
