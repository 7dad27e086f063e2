// SPDX-License-Identifier: Apache-2.0
#include "daemon/commands/streams/verify_command.hpp"

#include "daemon/commands/declare_command.hpp"
#include "daemon/commands/exit_status.hpp"
#include "daemon/commands/streams/streams_group.hpp"
#include "streams/look.hpp"
#include "streams/verify_text.hpp"

#include <CLI/CLI.hpp>

#include <iostream>

namespace outboxd::daemon {
namespace {

constexpr const char* kVerifyFooter =
    "Checks that each declared stream and group exists, that no stream is longer than its bound, and that\n"
    "`outboxd streams provision` would change nothing. It changes nothing itself.";

int verify(const StreamsVerifyCommand& command, const StreamsTarget& target) {
  redis::CommandSession session{target.endpoint, target.timeout, redis::kBoundsOfLooks};
  const auto seen = streams::look(session, target.wanted);
  const auto plan = streams::plan_of(target.wanted, seen, command.with_optional);
  const auto findings = streams::findings_of(target.wanted, seen, plan);
  std::cout << (command.json ? streams::verify_json(findings) : streams::verify_text(findings, plan)) << std::flush;
  return static_cast<int>(streams::verdict_of(findings, seen));
}

}  // namespace

CLI::App& StreamsVerifyCommand::declare(CLI::App& program) {
  auto& app = declare_command(streams_group(program), "verify", "Check that streams and groups are as declared");
  app.add_flag("--with-optional", with_optional, "Require the groups that are declared as optional, too");
  app.add_flag("--json", json, "Print JSON, a line for each finding");
  app.footer(kVerifyFooter);
  set_examples(app, {"outboxd streams verify", "outboxd streams verify --json"});
  return app;
}

std::string StreamsVerifyCommand::complete(const SharedOptions& /*shared*/) {
  return {};
}

int StreamsVerifyCommand::run(const SharedOptions& shared) const {
  const auto loaded = load_streams_target(shared, "verify");
  if (!loaded) return kCouldNotWork;
  note_default_topology(loaded->target);
  return run_streams_command("verify", [&] { return verify(*this, loaded->target); });
}

}  // namespace outboxd::daemon
