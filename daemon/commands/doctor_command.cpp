// SPDX-License-Identifier: Apache-2.0
#include "daemon/commands/doctor_command.hpp"

#include "daemon/commands/declare_command.hpp"
#include "daemon/commands/exit_status.hpp"
#include "daemon/commands/terminal_output.hpp"
#include "daemon/doctor/own_commands.hpp"
#include "daemon/doctor/readers.hpp"
#include "daemon/doctor/render.hpp"
#include "daemon/settings/load_settings.hpp"

#include <CLI/CLI.hpp>

#include <filesystem>
#include <iostream>
#include <system_error>

namespace outboxd::daemon {
namespace {

constexpr const char* kDoctorFooter =
    "Examines the configuration, Postgres and Redis, and names what is wrong, why it matters, and the remedy as a "
    "command.\n"
    "It needs no further rights than the daemon, changes nothing, and reads no more than a bounded number of rows.\n"
    "What a server doesn't let it see is a note (\"can't be known here\"), never a failure.\n"
    "--json: an object on a line for each finding, also for what is well, with the fields check, severity (ok, "
    "note,\n"
    "warning, critical), subject, seen, why, remedy.";

// Exit statuses.
constexpr int kWarning = 1;
constexpr int kCritical = 3;

int exit_status_of(doctor::Severity worst) {
  if (worst == doctor::Severity::critical) return kCritical;
  return worst == doctor::Severity::warning ? kWarning : kDone;
}

}  // namespace

CLI::App& DoctorCommand::declare(CLI::App& program) {
  auto& app =
      declare_command(program, "doctor", "Examine both servers: what is wrong, why it matters, and the remedy");
  app.add_flag("--json", json, "Print JSON, a line for each finding");
  app.add_flag("-v,--verbose,--all", all, "Also show what is well, and what was examined without a finding");
  app.footer(kDoctorFooter);
  set_examples(app, {"outboxd doctor", "outboxd doctor --all --dispatcher outbox", "outboxd doctor --json"});
  return app;
}

std::string DoctorCommand::complete(const SharedOptions& /*shared*/) {
  return {};
}

int DoctorCommand::run(const SharedOptions& shared) const {
  // A missing key is a finding.
  const auto loaded = load_settings(shared, {.postgres = true, .signing = false});
  if (!loaded) return kCouldNotWork;
  auto findings = doctor::examine(doctor::read_facts(*loaded));
  if (shared.config_file) {
    std::error_code failed;
    const auto file = std::filesystem::absolute(*shared.config_file, failed);
    doctor::use_config_file(failed ? *shared.config_file : file.string(), findings);
  }
  std::cout << (json ? doctor::json_lines_of(findings) : doctor::text_of(findings, all, terminal_width()))
            << std::flush;
  return exit_status_of(doctor::worst_of(findings));
}

}  // namespace outboxd::daemon
