// SPDX-License-Identifier: Apache-2.0
#include "daemon/commands/dead/discard_command.hpp"

#include "daemon/commands/dead/filter_options.hpp"
#include "daemon/commands/dead/tables.hpp"
#include "daemon/commands/declare_command.hpp"
#include "dead_rows/discard.hpp"
#include "telemetry/utc_time.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <chrono>
#include <filesystem>

namespace outboxd::daemon {
namespace {

constexpr const char* kMarks =
    "this role has no DELETE, so they are marked: published_at (dispatched_at) becomes 1970-01-01, available_at "
    "infinity, and last_error begins with \"discarded:\", where the table has these columns";

std::string usual_file(const std::string& dispatcher) {
  auto name = "outboxd-discarded-" + dispatcher + "-" + telemetry::utc_text(std::chrono::system_clock::now());
  std::ranges::replace_if(
      name, [](char c) { return c == '/' || c == ':' || c == ' '; }, '-');
  return name + ".jsonl";
}

}  // namespace

CLI::App& DeadDiscardCommand::declare(CLI::App& program) {
  auto& app = declare_command(dead_group(program), "discard", "Export dead rows to a file, and delete them");
  options.declare(app);
  app.add_option("--reason", options.reason, "Why; for the log, and for rows that are marked")->required();
  app.add_option("--export", file,
                 "The new file for the rows, as JSON lines [outboxd-discarded-DISPATCHER-TIME.jsonl]")
      ->type_name("FILE");
  app.footer(
      about_changes() +
      "The rows are in the file, on the disk, before they go; only its owner may read it. A role with DELETE "
      "deletes\n"
      "them. Otherwise they are marked, so that they are neither dead nor pending (retention and outboxd prune "
      "remove\n"
      "them): dispatched_at (published_at) becomes 1970-01-01, available_at infinity, and last_error "
      "'discarded: REASON',\n"
      "where the table has these columns; status becomes published. Needs SELECT, and DELETE or UPDATE.");
  set_examples(app, {"outboxd dead discard --stream test.events --reason load-test --dry-run",
                     "outboxd dead discard --id r-17 --reason sent-by-hand --export r-17.jsonl --yes"});
  return app;
}

std::string DeadDiscardCommand::complete(const SharedOptions& /*shared*/) {
  if (options.reason.find_first_not_of(" \t\n") == std::string::npos) {
    return "--reason is empty: say why these rows need not be published";
  }
  if (!file.empty() && std::filesystem::exists(std::filesystem::symlink_status(file))) {
    return "--export " + file + " exists: name a new file";
  }
  return options.problem();
}

int DeadDiscardCommand::run(const SharedOptions& shared) const {
  Change change{.action = "discard", .use = dead_rows::Use::discard};
  change.prepare = [this](const dead_rows::Table& table, dead_rows::Report& report) {
    report.how = discard_of(table) == dead_rows::Discard::mark ? "marked" : "deleted";
    if (!report.dry_run && report.tally.matched > 0) {
      report.file = file.empty() ? usual_file(report.dispatcher) : file;
    }
  };
  change.warning = [](const dead_rows::Report& report) {
    return "They are exported to " + report.file + ", and " +
           (report.how == "marked" ? kMarks : "deleted from the table") + ".";
  };
  change.apply = [this](const config::Settings& /*settings*/, dead_rows::Table& table,
                        const dead_rows::FilterParameters& filter, const dead_rows::Steps& steps,
                        dead_rows::Report& report) {
    dead_rows::ExportFile exported{report.file};
    discard(table, filter, steps, report.tally, options.reason, exported);
    exported.remove_if_empty();
    if (report.tally.done == 0 && !report.tally.in_doubt) report.file.clear();
  };
  return run_change(shared, options, change);
}

}  // namespace outboxd::daemon
