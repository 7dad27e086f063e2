// SPDX-License-Identifier: Apache-2.0
#include "daemon/commands/dead/change.hpp"

#include "daemon/commands/confirmation.hpp"
#include "daemon/commands/dead/filter_options.hpp"
#include "daemon/commands/dead/tables.hpp"
#include "daemon/commands/exit_status.hpp"
#include "daemon/settings/load_settings.hpp"
#include "dead_rows/not_chosen.hpp"
#include "outbox/utf8.hpp"
#include "system/identity.hpp"
#include "telemetry/log.hpp"

#include <CLI/CLI.hpp>

#include <cctype>
#include <exception>
#include <iostream>

namespace outboxd::daemon {

using dead_rows::Report;
using dead_rows::Steps;
using dead_rows::Table;
using dead_rows::Tally;

namespace {

std::string rows(std::uint64_t count) {
  return std::to_string(count) + (count == 1 ? " dead row" : " dead rows");
}

bool is_confirmed(const ChangeOptions& options, const Change& change, const Report& report, const Table& table) {
  if (options.yes) return true;
  auto question = change.action + " " + rows(report.tally.matched) + " of " + table.name() + " (" +
                  described(options.filter) + ")?";
  question.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(question.front())));
  if (change.warning) question += " " + change.warning(report);
  return answers_yes(question);
}

void log_change(const config::Settings& settings, const ChangeOptions& options, const Report& report,
                const Table& table) {
  const auto& tally = report.tally;
  auto line = "dead " + report.action + " by " + system::user_at_host() + ": " + std::to_string(tally.done) + " of " +
              rows(tally.matched) + " of " + table.name() + ", dispatcher " + settings.dispatcher.name +
              (report.how.empty() ? "" : ", " + report.how) + ", " + described(options.filter);
  if (!options.reason.empty()) line += ", reason: " + options.reason;
  if (!tally.stopped.empty()) line += ", stopped early";
  log_action(settings, line);
}

int status_of(const Report& report) {
  const auto& tally = report.tally;
  if (!tally.stopped.empty()) return tally.done == 0 && !tally.in_doubt ? kCouldNotWork : kIncomplete;
  if (tally.not_done() > 0) return kSomeUnchanged;
  return report.outcomes && !report.outcomes->all_published() ? kIncomplete : kDone;
}

void print(const ChangeOptions& options, const Report& report) {
  std::cout << telemetry::log::redacted(options.json ? json_of(report) : text_of(report)) << std::flush;
}

Steps steps_of(const ChangeOptions& options, const Report& report, const system::StopRequest& stop) {
  const auto verb = report.action;
  return {.rate = options.rate.empty() ? 0 : dead_rows::rate_of(options.rate).value_or(0),
          .stops = [&stop](std::chrono::milliseconds time) { return stop.wait(time); },
          .progress =
              [verb](const Tally& tally) {
                telemetry::Terminal::standard_error().show_progress(
                    verb + ": " + std::to_string(tally.done + tally.not_done()) + " of " + rows(tally.matched));
              }};
}

int change_rows(const config::Settings& settings, const ChangeOptions& options, const Change& change) {
  Table table{dead_table_options(settings), change.use};
  const auto asked = filter_of(options.filter);
  const auto filter = table.parameters_of(asked);
  Report report{.dispatcher = settings.dispatcher.name,
                .table = table.name(),
                .action = change.action,
                .dry_run = options.dry_run,
                .tally = count(table, filter),
                .not_chosen = not_chosen(table, asked, filter)};
  if (change.prepare) change.prepare(table, report);
  if (options.dry_run || report.tally.matched == 0) {
    print(options, report);
    return kDone;
  }
  if (!is_confirmed(options, change, report, table)) {
    print_dead_error(change.action, kNotYes);
    return kCouldNotWork;
  }
  {
    const system::StopRequest stop;
    change.apply(settings, table, filter, steps_of(options, report, stop), report);
  }
  telemetry::Terminal::standard_error().show_progress("");
  log_change(settings, options, report, table);
  // So that the result is not written into the line of progress.
  telemetry::log::flush();
  print(options, report);
  return status_of(report);
}

}  // namespace

void ChangeOptions::declare(CLI::App& app) {
  declare_filter(app, filter);
  app.add_flag("--dry-run", dry_run, "Only count the rows");
  app.add_flag("--yes", yes, "Don't ask");
  app.add_option("--rate", rate, "At most so many rows a second [as fast as possible]")->type_name("N/s");
  app.add_flag("--json", json, "Print the result as JSON");
}

std::string ChangeOptions::problem() const {
  auto problem = problem_of(filter, dead_rows::Unfiltered::refused);
  if (!problem.empty()) return problem;
  if (!rate.empty() && !dead_rows::rate_of(rate)) {
    return "--rate '" + rate + "' is no rate: write rows a second, from 1 to 1000000, as 50/s";
  }
  if (!utf8::is_valid(reason)) return "--reason isn't UTF-8";
  return {};
}

int run_change(const SharedOptions& shared, const ChangeOptions& options, const Change& change) {
  if (!options.yes && !options.dry_run && !may_ask()) {
    print_dead_error(change.action, kNoTerminal);
    return kCouldNotWork;
  }
  const auto loaded = load_settings(shared, {.signing = false});
  if (!loaded) return kCouldNotWork;
  if (loaded->dispatchers.size() > 1) {
    print_dead_error(change.action,
                     "several dispatchers are configured: name the one whose rows are meant, with "
                     "--dispatcher");
    return kCouldNotWork;
  }
  try {
    const auto tables = dead_tables_of(*loaded, change.action);
    return tables.known.empty() ? kCouldNotWork : change_rows(tables.known.front(), options, change);
  } catch (const std::exception& error) {
    telemetry::Terminal::standard_error().show_progress("");
    print_dead_error(change.action, dead_rows::shown(error));
    return kCouldNotWork;
  }
}

std::string about_changes() {
  return about_filters() +
         "Rows are changed in small batches, skipping rows that others have locked; Ctrl-C ends the command after "
         "the\n"
         "current one. The output says how far it came, and a line on standard error who did what, why, and to how "
         "many\n"
         "rows.\n";
}

}  // namespace outboxd::daemon
