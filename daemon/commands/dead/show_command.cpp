// SPDX-License-Identifier: Apache-2.0
#include "daemon/commands/dead/show_command.hpp"

#include "daemon/commands/dead/filter_options.hpp"
#include "daemon/commands/dead/tables.hpp"
#include "daemon/commands/declare_command.hpp"
#include "daemon/commands/exit_status.hpp"
#include "daemon/settings/load_settings.hpp"
#include "dead_rows/not_chosen.hpp"
#include "dead_rows/one_row.hpp"
#include "dead_rows/tally.hpp"

#include <CLI/CLI.hpp>

#include <exception>
#include <iostream>
#include <string>
#include <vector>

namespace outboxd::daemon {
namespace {

/// Whether the table has the row, and it is dead. Prints it then; otherwise adds why not.
bool shows(const DeadShowCommand& command, const config::Settings& settings, std::vector<std::string>& why_not) {
  dead_rows::Table table{dead_table_options(settings), dead_rows::Use::look};
  const auto row = find_row(table, command.id, command.payload);
  if (!row || row->state != "dead") {
    const dead_rows::Filter filter{.ids = {command.id}};
    for (const auto& one : not_chosen(table, filter, table.parameters_of(filter))) {
      why_not.push_back(text_of(one, table.name() + " (dispatcher " + settings.dispatcher.name + ")"));
    }
    return false;
  }
  if (command.json) {
    std::cout << json_of(settings.dispatcher.name, table.name(), *row) << std::flush;
  } else {
    std::cout << settings.dispatcher.name << ": a dead row of " << table.name() << "\n"
              << text_of(*row) << std::flush;
  }
  return true;
}

}  // namespace

CLI::App& DeadShowCommand::declare(CLI::App& program) {
  auto& app = declare_command(dead_group(program), "show", "Print one dead row, column by column");
  app.add_option("ID", id, "The row's id")->required();
  app.add_flag("--payload", payload, "Print the payload as well");
  app.add_flag("--json", json, "Print JSON, a line for each table that has the row");
  app.footer("SELECT is enough; columns that the role may not read are left out, and named.");
  set_examples(app, {"outboxd dead show 0197f3a0-0000-7000-8000-000000000001",
                     "outboxd dead show 0197f3a0-0000-7000-8000-000000000001 --payload --json"});
  return app;
}

std::string DeadShowCommand::complete(const SharedOptions& /*shared*/) {
  return problem_of({.ids = {id}}, dead_rows::Unfiltered::refused);
}

int DeadShowCommand::run(const SharedOptions& shared) const {
  const auto loaded = load_settings(shared, {.signing = false});
  if (!loaded) return kCouldNotWork;
  bool found = false;
  const auto tables = dead_tables_of(*loaded, "show");
  bool failed = tables.unknown > 0;
  std::vector<std::string> why_not;
  for (const auto& settings : tables.known) {
    try {
      found = shows(*this, settings, why_not) || found;
    } catch (const std::exception& error) {
      failed = true;
      print_dead_error("show", settings.dispatcher.name + ": " + dead_rows::shown(error));
    }
  }
  if (found) return kDone;
  if (failed) return kCouldNotWork;
  for (const auto& one : why_not) print_dead_error("show", one);
  return kIncomplete;
}

}  // namespace outboxd::daemon
