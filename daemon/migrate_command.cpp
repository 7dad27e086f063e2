// SPDX-License-Identifier: Apache-2.0
#include "daemon/commands.hpp"
#include "daemon/exit_status.hpp"
#include "daemon/load_settings.hpp"
#include "migrate/embedded_migrations.hpp"
#include "migrate/migrator.hpp"
#include "postgres/conninfo.hpp"
#include "postgres/pqxx_compat.hpp"
#include "telemetry/redaction.hpp"

#include <algorithm>
#include <iostream>
#include <stdexcept>
#include <string>
#include <unistd.h>
#include <vector>

namespace outboxd::daemon {
namespace {

void revert(postgres::Migrator& migrator, int number) {
  const bool reverted = migrator.revert(number);
  std::cout << "migration " << number << (reverted ? ": reverted\n" : ": was not there\n");
}

bool makes_a_table(int number) {
  const auto all = postgres::migrations();
  const auto found = std::ranges::find(all, number, &postgres::Migration::number);
  return found != all.end() && found->option.empty();
}

/// A table that is dropped by mistake can't be had back: its published rows are the record of what was sent.
void ask_before_dropping(const CommandLine& line, pqxx::connection& connection) {
  if (line.yes || !makes_a_table(*line.revert)) return;
  if (::isatty(STDIN_FILENO) != 1) {
    throw std::runtime_error("--revert " + std::to_string(*line.revert) +
                             " drops a table, and there is no terminal to ask at: say --yes as well");
  }
  std::cerr << "Migration " << *line.revert << " made a table, which would be dropped, with its published rows, from "
            << "database " << connection.dbname() << ". Type yes to drop it: " << std::flush;
  std::string answer;
  std::getline(std::cin, answer);
  if (answer != "yes") throw std::runtime_error("the answer was not yes: nothing is changed");
}

void apply(postgres::Migrator& migrator) {
  for (const auto& planned : migrator.plan()) {
    if (planned.already_there) std::cout << postgres::full_name(planned.migration) << ": already there\n";
  }
  for (const auto& migration : migrator.apply()) std::cout << postgres::full_name(migration) << ": applied\n";
}

/// One dispatcher of each database, as far as their URLs tell.
std::vector<config::Settings> one_of_each_database(const std::vector<config::Settings>& dispatchers) {
  std::vector<config::Settings> chosen;
  for (const auto& settings : dispatchers) {
    const auto is_same = [&settings](const auto& other) { return other.postgres.url == settings.postgres.url; };
    if (std::ranges::none_of(chosen, is_same)) chosen.push_back(settings);
  }
  return chosen;
}

void migrate(const CommandLine& line, const config::Settings& settings) {
  if (line.dry_run && line.revert) {
    std::cout << postgres::render_down_sql(postgres::migrations(), *line.revert);
    return;
  }
  const auto& options = settings.postgres;
  if (options.url.empty()) {
    std::cout << postgres::render_sql(postgres::wanted_of(postgres::migrations(), line.optional_migrations));
    return;
  }
  const auto connection = postgres::open_connection(
      postgres::complete_conninfo(options.url, options.connect_timeout, options.statement_timeout));
  postgres::Migrator migrator{*connection, postgres::migrations(), {.wanted = line.optional_migrations}};
  if (line.dry_run) {
    std::cout << migrator.dry_run_sql();
  } else if (line.revert) {
    ask_before_dropping(line, *connection);
    revert(migrator, *line.revert);
  } else {
    apply(migrator);
  }
}

int migrate_each(const CommandLine& line, const std::vector<config::Settings>& databases) {
  for (const auto& settings : databases) {
    const auto& name = settings.dispatcher.name;
    if (databases.size() > 1) std::cout << "-- the database of dispatcher " << name << "\n";
    try {
      migrate(line, settings);
    } catch (const std::exception& error) {
      std::cerr << "outboxd migrate: " << (databases.size() > 1 ? name + ": " : "")
                << telemetry::log::redacted(error.what()) << "\n";
      return kCouldNotWork;
    }
  }
  return kDone;
}

}  // namespace

int migrate_command(const CommandLine& line) {
  const auto loaded = load_settings(line.shared, {.postgres = !line.dry_run, .signing = false});
  if (!loaded) return kCouldNotWork;
  const auto databases = one_of_each_database(loaded->dispatchers);
  if (line.revert && databases.size() > 1) {
    std::cerr << "outboxd migrate: --revert works on one database, and there are " << databases.size()
              << ": name a dispatcher of the one with --dispatcher\n";
    return kCouldNotWork;
  }
  return migrate_each(line, databases);
}

}  // namespace outboxd::daemon
