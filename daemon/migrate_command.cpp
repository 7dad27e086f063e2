// SPDX-License-Identifier: Apache-2.0
#include "daemon/commands.hpp"
#include "daemon/exit_status.hpp"
#include "daemon/load_settings.hpp"
#include "postgres/conninfo.hpp"
#include "postgres/embedded_migrations.hpp"
#include "postgres/migrator.hpp"
#include "postgres/pqxx_compat.hpp"
#include "telemetry/redaction.hpp"

#include <iostream>

namespace outboxd::daemon {
namespace {

int revert(postgres::Migrator& migrator, int number) {
  const bool reverted = migrator.revert(number);
  std::cout << "migration " << number << (reverted ? ": reverted\n" : ": was not there\n");
  return kDone;
}

int apply(postgres::Migrator& migrator) {
  for (const auto& planned : migrator.plan()) {
    if (planned.already_there) std::cout << postgres::full_name(planned.migration) << ": already there\n";
  }
  for (const auto& migration : migrator.apply()) std::cout << postgres::full_name(migration) << ": applied\n";
  return kDone;
}

int migrate(const CommandLine& line, const config::Settings& settings) {
  const auto& options = settings.postgres;
  const auto connection = postgres::open_connection(
      postgres::complete_conninfo(options.url, options.connect_timeout, options.statement_timeout));
  postgres::Migrator migrator{*connection};
  if (line.dry_run) {
    std::cout << migrator.dry_run_sql();
    return kDone;
  }
  return line.revert ? revert(migrator, *line.revert) : apply(migrator);
}

}  // namespace

int migrate_command(const CommandLine& line) {
  const auto settings = load_settings(line, {.postgres = !line.dry_run, .signing = false});
  if (!settings) return kCouldNotWork;
  if (settings->postgres.url.empty()) {
    std::cout << postgres::render_sql(postgres::migrations());
    return kDone;
  }
  try {
    return migrate(line, *settings);
  } catch (const std::exception& error) {
    std::cerr << "outboxd migrate: " << telemetry::log::redacted(error.what()) << "\n";
    return kCouldNotWork;
  }
}

}  // namespace outboxd::daemon
