// SPDX-License-Identifier: Apache-2.0
#include "daemon/commands/migrate_command.hpp"

#include "config/units.hpp"
#include "daemon/commands/declare_command.hpp"
#include "daemon/commands/exit_status.hpp"
#include "daemon/commands/migrate_report.hpp"
#include "daemon/settings/load_settings.hpp"
#include "migrate/embedded_migrations.hpp"
#include "migrate/migrator.hpp"
#include "postgres/conninfo.hpp"
#include "postgres/pqxx_compat.hpp"
#include "telemetry/redaction.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <iostream>
#include <stdexcept>
#include <string>
#include <unistd.h>
#include <vector>

namespace outboxd::daemon {
namespace {

std::string migrations_there_are() {
  const auto all = migrate::migrations();
  auto text = "from " + std::to_string(all.front().number) + " to " + std::to_string(all.back().number) + ":";
  for (const auto& migration : all) {
    text.append(migration.number == all.front().number ? " " : ", ").append(std::to_string(migration.number));
    text.append(" ").append(migration.name);
  }
  return text;
}

/// Empty if there is no such migration.
std::optional<int> number_of_migration(const std::string& text) {
  const auto number = config::parse_integer(text);
  for (const auto& migration : migrate::migrations()) {
    if (number.value && *number.value == migration.number) return migration.number;
  }
  return std::nullopt;
}

/// Prints what became of the migrations of one database.
class Printer {
 public:
  Printer(const MigrateCommand& command, std::string dispatcher)
      : dispatcher_{std::move(dispatcher)}, json_{command.json} {}

  void print(const std::string& migration, MigrateReport::Outcome outcome) const {
    const MigrateReport report{.dispatcher = dispatcher_, .migration = migration, .outcome = outcome};
    std::cout << (json_ ? json_of(report) : text_of(report)) << std::flush;
  }

 private:
  std::string dispatcher_;
  bool json_;
};

std::string name_of_migration(int number) {
  const auto all = migrate::migrations();
  return migrate::full_name(*std::ranges::find(all, number, &migrate::Migration::number));
}

void revert(migrate::Migrator& migrator, int number, const Printer& printer) {
  const bool reverted = migrator.revert(number);
  printer.print(name_of_migration(number),
                reverted ? MigrateReport::Outcome::reverted : MigrateReport::Outcome::not_there);
}

bool makes_a_table(int number) {
  const auto all = migrate::migrations();
  const auto found = std::ranges::find(all, number, &migrate::Migration::number);
  return found != all.end() && found->option.empty();
}

/// Asks for a confirmation, as a dropped table can't be restored, and its published rows are the record of sent
/// events.
void ask_before_dropping(const MigrateCommand& command, pqxx::connection& connection) {
  if (command.yes || !makes_a_table(*command.revert)) return;
  if (::isatty(STDIN_FILENO) != 1) {
    throw std::runtime_error("--revert " + std::to_string(*command.revert) +
                             " drops a table, and there is no terminal to ask at: say --yes as well");
  }
  std::cerr << "Migration " << *command.revert
            << " made a table, which would be dropped, with its published rows, from "
            << "database " << connection.dbname() << ". Type yes to drop it: " << std::flush;
  std::string answer;
  std::getline(std::cin, answer);
  if (answer != "yes") throw std::runtime_error("the answer was not yes: nothing is changed");
}

void apply(migrate::Migrator& migrator, const Printer& printer) {
  using Outcome = MigrateReport::Outcome;
  for (const auto& planned : migrator.plan()) {
    if (planned.already_there) printer.print(migrate::full_name(planned.migration), Outcome::already_there);
  }
  for (const auto& migration : migrator.apply()) printer.print(migrate::full_name(migration), Outcome::applied);
}

/// One dispatcher for each database; databases are distinguished by their URLs.
std::vector<config::Settings> one_of_each_database(const std::vector<config::Settings>& dispatchers) {
  std::vector<config::Settings> chosen;
  for (const auto& settings : dispatchers) {
    const auto is_same = [&settings](const auto& other) { return other.postgres.url == settings.postgres.url; };
    if (std::ranges::none_of(chosen, is_same)) chosen.push_back(settings);
  }
  return chosen;
}

void migrate(const MigrateCommand& command, const config::Settings& settings) {
  if (command.dry_run && command.revert) {
    std::cout << migrate::render_down_sql(migrate::migrations(), *command.revert);
    return;
  }
  const auto& options = settings.postgres;
  if (options.url.empty()) {
    std::cout << migrate::render_sql(migrate::wanted_of(migrate::migrations(), command.optional_migrations));
    return;
  }
  const auto connection = postgres::open_connection(
      postgres::complete_conninfo(options.url, options.connect_timeout, options.statement_timeout));
  migrate::Migrator migrator{*connection, migrate::migrations(), {.wanted = command.optional_migrations}};
  const Printer printer{command, settings.dispatcher.name};
  if (command.dry_run) {
    std::cout << migrator.dry_run_sql();
  } else if (command.revert) {
    ask_before_dropping(command, *connection);
    revert(migrator, *command.revert, printer);
  } else {
    apply(migrator, printer);
  }
}

int migrate_each(const MigrateCommand& command, const std::vector<config::Settings>& databases) {
  for (const auto& settings : databases) {
    const auto& name = settings.dispatcher.name;
    if (databases.size() > 1 && !command.json) std::cout << "-- the database of dispatcher " << name << "\n";
    try {
      migrate(command, settings);
    } catch (const std::exception& error) {
      std::cerr << "outboxd migrate: " << (databases.size() > 1 ? name + ": " : "")
                << telemetry::log::redacted(error.what()) << "\n";
      return kCouldNotWork;
    }
  }
  return kDone;
}

}  // namespace

CLI::App& MigrateCommand::declare(CLI::App& program) {
  auto& app = declare_command(program, "migrate", "Create the outbox tables where they are missing");
  app.add_flag("--dry-run", dry_run, "Print the SQL that would run, without running it");
  const auto optional = [this, &app](const std::string& name, const std::string& help) {
    app.add_flag_callback(
        "--" + name, [this, name] { optional_migrations.push_back(name); }, help);
  };
  optional("wake-ups", "Also add triggers to the outbox tables, so that commits wake an idle dispatcher");
  optional("tune", "Also tune event_outbox: free space on its pages makes updates faster and inserts slower");
  optional("stream-index",
           "Also add an index to event_outbox for dispatchers of only some streams, without blocking writers");
  app.add_option("--revert", revert_text,
                 "Undo this one migration; one that made a table is refused while rows are unpublished, and asks "
                 "before it drops it")
      ->type_name("NUMBER");
  app.add_flag("--yes", yes, "With --revert: drop the table without asking");
  app.add_flag("--json", json, "Print JSON, a line for each migration");
  set_examples(app, {"outboxd migrate --dry-run          # prints the SQL, to read it first",
                     "outboxd migrate --wake-ups --tune  # creates the tables, with two of the optional extras"});
  return app;
}

std::string MigrateCommand::complete(const SharedOptions& /*shared*/) {
  if (dry_run && json) return "--dry-run prints SQL, so --json does not go with it";
  if (revert_text.empty()) return yes ? "--yes goes with --revert" : "";
  revert = number_of_migration(revert_text);
  if (!revert) return "--revert needs the number of a migration, " + migrations_there_are();
  return optional_migrations.empty() ? "" : "--revert does not go with --" + optional_migrations.front();
}

int MigrateCommand::run(const SharedOptions& shared) const {
  const auto loaded = load_settings(shared, {.postgres = !dry_run, .signing = false});
  if (!loaded) return kCouldNotWork;
  const auto databases = one_of_each_database(loaded->dispatchers);
  if (revert && databases.size() > 1) {
    std::cerr << "outboxd migrate: --revert works on one database, and there are " << databases.size()
              << ": name a dispatcher of the one with --dispatcher\n";
    return kCouldNotWork;
  }
  return migrate_each(*this, databases);
}

}  // namespace outboxd::daemon
