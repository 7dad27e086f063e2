// SPDX-License-Identifier: Apache-2.0
#include "daemon/commands/dead/list_command.hpp"

#include "daemon/commands/dead/filter_options.hpp"
#include "daemon/commands/dead/tables.hpp"
#include "daemon/commands/declare_command.hpp"
#include "daemon/commands/exit_status.hpp"
#include "daemon/commands/terminal_output.hpp"
#include "daemon/settings/load_settings.hpp"
#include "dead_rows/list.hpp"
#include "telemetry/redaction.hpp"

#include <CLI/CLI.hpp>

#include <exception>
#include <iostream>

namespace outboxd::daemon {
namespace {

dead_rows::Groups groups_of(const config::Settings& settings, const dead_rows::FilterWords& words) {
  dead_rows::Table table{dead_table_options(settings), dead_rows::Use::look};
  auto groups = list(table, table.parameters_of(filter_of(words)));
  groups.dispatcher = settings.dispatcher.name;
  groups.table = table.name();
  return groups;
}

}  // namespace

CLI::App& DeadListCommand::declare(CLI::App& program) {
  auto& app = declare_command(dead_group(program), "list", "Count dead rows by stream and kind of error");
  declare_filter(app, filter);
  app.add_flag("--json", json, "Print JSON, a line for each dispatcher");
  app.footer(about_filters() + "SELECT is enough.");
  set_examples(app, {"outboxd dead list", "outboxd dead list --newer-than 1h --json"});
  return app;
}

std::string DeadListCommand::complete(const SharedOptions& /*shared*/) {
  return problem_of(filter, dead_rows::Unfiltered::allowed);
}

int DeadListCommand::run(const SharedOptions& shared) const {
  const auto loaded = load_settings(shared, {.signing = false});
  if (!loaded) return kCouldNotWork;
  const auto tables = dead_tables_of(*loaded, "list");
  auto failed = tables.unknown;
  for (const auto& settings : tables.known) {
    try {
      const auto groups = groups_of(settings, filter);
      std::cout << telemetry::log::redacted(json ? json_of(groups) : text_of(groups, terminal_width())) << std::flush;
    } catch (const std::exception& error) {
      ++failed;
      print_dead_error("list", settings.dispatcher.name + ": " + dead_rows::shown(error));
    }
  }
  if (failed == 0) return kDone;
  return failed < tables.known.size() + tables.unknown ? kIncomplete : kCouldNotWork;
}

}  // namespace outboxd::daemon
