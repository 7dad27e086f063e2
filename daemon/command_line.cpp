// SPDX-License-Identifier: Apache-2.0
#include "daemon/command_line.hpp"

#include "config/units.hpp"
#include "daemon/exit_status.hpp"
#include "daemon/unknown_words.hpp"
#include "migrate/embedded_migrations.hpp"

#include <CLI/CLI.hpp>

#include <sstream>

namespace outboxd::daemon {
namespace {

constexpr const char* kAbout =
    "Publishes rows of a Postgres outbox table as HMAC-signed Redis Streams entries, each at least once.\n"
    "Without a subcommand it runs as a daemon (`outboxd run`).";

constexpr const char* kFooter =
    "Exit status: 0 done (with --once: every row that was due is published), 1 with --once: rows failed or remain, "
    "or\n"
    "some dispatcher could not work, 2 could not work at all (usage or configuration; with --once also table, "
    "servers).\n"
    "Of `outboxd status`: 0 all is well, 1 something is wrong (no daemon answers, a dispatcher waits, a stream is "
    "blocked,\n"
    "rows are dead, or a table could not be looked at), 2 nothing could be looked at.\n"
    "Output that can't be written makes a success a 1.\n"
    "Settings also come from the environment and from a TOML file; `outboxd config show` prints where each is from.\n"
    "Secrets (connection URLs, passwords, keys) come from the environment or files, never from flags.";

constexpr const char* kStatusFooter =
    "Asks the daemon at http.listen for its state, since when and why (/readyz, and /metrics with the bearer "
    "token),\n"
    "and counts in each table itself, for which SELECT is enough.\n"
    "Exit status: 0 all is well; 1 something is wrong: no daemon answers (unless http.listen is off), a dispatcher "
    "is "
    "not\n"
    "ready, a stream is blocked, rows are dead, or a table could not be looked at; 2 nothing could be looked at: "
    "neither a\n"
    "daemon nor a table.";

std::string version() {
  return std::string{"outboxd "} + OUTBOXD_VERSION;
}

/// CLI11's parsed values, kept until parsing has succeeded.
struct Parsed {
  CommandLine line;
  std::string timeout;
  std::string check_file;
  std::string revert;
  std::vector<std::string> help_about;
};

void add_run(CLI::App& app, Parsed& parsed) {
  app.add_flag("--once", parsed.line.once,
               "Publish all that is due now, print each dispatcher's counts as JSON, and exit");
  app.add_option("--timeout", parsed.timeout, "With --once: stop after this time, and wait out outages within it")
      ->type_name("DURATION");
  app.add_subcommand("run", "Dispatch until SIGTERM or SIGINT (the default)")->fallthrough()->set_help_flag();
}

void add_config(CLI::App& app, Parsed& parsed) {
  auto* config =
      app.add_subcommand("config", "Show or check the configuration")->require_subcommand(1)->fallthrough();
  auto* show = config->add_subcommand("show", "Print every effective value with its origin; secrets are masked");
  show->fallthrough()->add_flag("--json", parsed.line.json, "As JSON");
  auto* check = config->add_subcommand("check", "Report everything that is wrong with the configuration");
  check->fallthrough()->add_option("FILE", parsed.check_file, "The file to check instead of the one in use");
}

void add_migrate(CLI::App& app, Parsed& parsed) {
  auto* migrate = app.add_subcommand("migrate", "Create the outbox tables where they are missing")->fallthrough();
  migrate->add_flag("--dry-run", parsed.line.dry_run, "Print the SQL that would run, and change nothing");
  const auto optional = [migrate, &parsed](const std::string& name, const std::string& help) {
    migrate->add_flag_callback(
        "--" + name, [&parsed, name] { parsed.line.optional_migrations.push_back(name); }, help);
  };
  optional("wake-ups", "Also have commits wake an idle dispatcher: a trigger on the outbox tables");
  optional("tune", "Also set up event_outbox for speed: room on its pages, at some cost to inserts");
  optional("stream-index", "Also give event_outbox an index for dispatchers of some streams only, beside writers");
  migrate
      ->add_option("--revert", parsed.revert,
                   "Undo this one migration; one that made a table is refused while rows are unpublished, and asks "
                   "before it drops it")
      ->type_name("NUMBER");
  migrate->add_flag("--yes", parsed.line.yes, "With --revert: drop the table without asking");
}

void add_enqueue(CLI::App& app, Parsed& parsed) {
  auto* enqueue = app.add_subcommand("enqueue", "Insert rows, to try things out; prints their ids")->fallthrough();
  enqueue->add_option("STREAM", parsed.line.stream, "The Redis stream the rows are for")->required();
  enqueue->add_option("FIELD", parsed.line.assignments,
                      "key=value (text) or key:=json; without any: JSON objects on standard input, one a line");
}

void add_status(CLI::App& app, Parsed& parsed) {
  auto* status =
      app.add_subcommand("status", "Show each dispatcher's state and backlog, whether a daemon runs or not");
  status->fallthrough()->add_flag("--json", parsed.line.json, "As JSON, a line for each dispatcher");
  status->add_flag("--watch", parsed.line.watch, "Again every two seconds, until interrupted");
  status->footer(kStatusFooter);
}

void add_help_and_version(CLI::App& app, Parsed& parsed) {
  auto* help = app.add_subcommand("help", "Print this help, or that of a command");
  help->add_option("COMMAND", parsed.help_about, "The command to explain, such as status or config show");
  app.add_subcommand("version", "Print the version (also -V, --version)");
}

ExitNow exit_for(const CLI::App& app, const CLI::ParseError& error) {
  std::ostringstream out;
  std::ostringstream err;
  const auto status = app.exit(error, out, err);
  return {status == 0 ? kDone : kCouldNotWork, out.str(), err.str()};
}

ExitNow usage_error(std::string text) {
  return {kCouldNotWork, {}, std::move(text) + "\nsee outboxd --help\n"};
}

ExitNow unknown_arguments(const std::vector<std::string>& arguments, const CLI::App& app) {
  return {kCouldNotWork, {}, describe_unknown(arguments, vocabulary_after(app)) + "see outboxd --help\n"};
}

/// `outboxd help config show` is `outboxd config show --help`.
std::variant<CommandLine, ExitNow> help_about(const std::vector<std::string>& words) {
  std::vector<const char*> arguments{"outboxd"};
  for (const auto& word : words) arguments.push_back(word.c_str());
  arguments.push_back("--help");
  return parse_command_line(static_cast<int>(arguments.size()), arguments.data());
}

Command chosen(const CLI::App& app) {
  if (app.got_subcommand("config")) {
    return app.get_subcommand("config")->got_subcommand("show") ? Command::config_show : Command::config_check;
  }
  if (app.got_subcommand("migrate")) return Command::migrate;
  if (app.got_subcommand("enqueue")) return Command::enqueue;
  if (app.got_subcommand("status")) return Command::status;
  return Command::run;
}

std::string migrations_there_are() {
  const auto all = postgres::migrations();
  auto text = "from " + std::to_string(all.front().number) + " to " + std::to_string(all.back().number) + ":";
  for (const auto& migration : all) {
    text.append(migration.number == all.front().number ? " " : ", ").append(std::to_string(migration.number));
    text.append(" ").append(migration.name);
  }
  return text;
}

/// Nothing where there is no such migration.
std::optional<int> number_of_migration(const std::string& text) {
  const auto number = config::parse_integer(text);
  for (const auto& migration : postgres::migrations()) {
    if (number.value && *number.value == migration.number) return migration.number;
  }
  return std::nullopt;
}

std::variant<CommandLine, ExitNow> finished(const CLI::App& app, Parsed parsed) {
  auto& line = parsed.line;
  line.command = chosen(app);
  if (!parsed.check_file.empty()) line.shared.config_file = parsed.check_file;
  if (!parsed.revert.empty()) {
    line.revert = number_of_migration(parsed.revert);
    if (!line.revert) return usage_error("--revert needs the number of a migration, " + migrations_there_are());
    if (!line.optional_migrations.empty()) {
      return usage_error("--revert does not go with --" + line.optional_migrations.front());
    }
  }
  if (line.yes && !line.revert) return usage_error("--yes goes with --revert");
  const bool configures = line.command == Command::config_show || line.command == Command::config_check;
  if (configures && !line.shared.dispatchers.empty())
    return usage_error("--dispatcher does not go with `outboxd config`");
  if (line.command == Command::enqueue && line.shared.dispatchers.size() > 1) {
    return usage_error("--dispatcher goes with `outboxd enqueue` once");
  }
  if (line.command != Command::run && (line.once || !parsed.timeout.empty())) {
    return usage_error("--once and --timeout go with `outboxd run` alone");
  }
  if (parsed.timeout.empty()) return line;
  if (!line.once) return usage_error("--timeout goes with --once");
  const auto timeout = config::parse_duration(parsed.timeout);
  if (!timeout.value || *timeout.value <= 0) {
    return usage_error("--timeout " + parsed.timeout + ": needs a duration above 0, such as 60s");
  }
  line.once_timeout = std::chrono::milliseconds{*timeout.value};
  return line;
}

}  // namespace

std::variant<CommandLine, ExitNow> parse_command_line(int argc, const char* const* argv) {
  Parsed parsed;
  CLI::App app{kAbout, "outboxd"};
  app.footer(kFooter);
  app.require_subcommand(0, 1);
  app.set_version_flag("-V,--version", version());
  parsed.line.shared.declare(app);
  add_run(app, parsed);
  add_config(app, parsed);
  add_migrate(app, parsed);
  add_enqueue(app, parsed);
  add_status(app, parsed);
  add_help_and_version(app, parsed);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // What nothing takes is the reason of whatever else is wrong.
    const auto unknown = app.remaining(true);
    if (!unknown.empty()) return unknown_arguments(unknown, app);
    const bool config_alone = app.got_subcommand("config") && app.get_subcommand("config")->get_subcommands().empty();
    if (config_alone && error.get_exit_code() != 0) return usage_error("config needs a command: show or check");
    // The options of `run` are the program's own, and so is its help.
    if (dynamic_cast<const CLI::CallForHelp*>(&error) != nullptr && app.got_subcommand("run")) return help_about({});
    return exit_for(app, error);
  }
  if (app.got_subcommand("version")) return ExitNow{kDone, version() + "\n", {}};
  if (app.got_subcommand("help")) return help_about(parsed.help_about);
  return finished(app, std::move(parsed));
}

}  // namespace outboxd::daemon
