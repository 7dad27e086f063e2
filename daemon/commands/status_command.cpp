// SPDX-License-Identifier: Apache-2.0
#include "daemon/commands/status_command.hpp"

#include "daemon/commands/declare_command.hpp"
#include "daemon/commands/terminal_output.hpp"
#include "daemon/settings/default_table.hpp"
#include "daemon/settings/load_settings.hpp"
#include "daemon/settings/options_from_settings.hpp"
#include "daemon/status/status_report.hpp"
#include "telemetry/redaction.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace outboxd::daemon {
namespace {

constexpr const char* kStatusFooter =
    "Asks the daemon at http.listen for its state (/readyz, and /metrics with the bearer token), and counts the rows "
    "of\n"
    "each table itself, for which SELECT is enough. Asks Redis which consumer groups of the declared streams have\n"
    "stopped reading (`outboxd streams status` has all figures); that doesn't change the exit status.";

constexpr std::chrono::seconds kRefresh{2};

/// One dispatcher's table, and the connection that counts its rows.
struct Watched {
  explicit Watched(const config::Settings& settings)
      : dispatcher{settings.dispatcher.name},
        table{settings.dispatcher.table},
        reader{row_store_options(settings, "")} {}

  std::string dispatcher;
  std::string table;
  outbox_store::BacklogReader reader;
  /// Why its table is not known; empty: it is.
  std::string problem{};
};

DispatcherStatus look_at(Watched& watched) {
  DispatcherStatus status{.dispatcher = watched.dispatcher, .table = watched.table, .problem = watched.problem};
  if (!status.problem.empty()) return status;
  try {
    const auto overview = watched.reader.look();
    status.figures = Figures{.overview = overview, .counted_at = std::chrono::system_clock::now()};
  } catch (const std::exception& error) {
    status.problem = telemetry::log::redacted(error.what());
  }
  return status;
}

StatusReport look_at(std::vector<Watched>& all, const config::Loaded& loaded) {
  StatusReport report{.daemon = ask_daemon(loaded.settings.http)};
  report.groups = look_at_groups(loaded, streams_in_metrics(report.daemon.metrics.value_or("")));
  for (auto& watched : all) {
    auto status = look_at(watched);
    add_answer(report.daemon, status);
    report.dispatchers.push_back(std::move(status));
  }
  report.at = std::chrono::system_clock::now();
  return report;
}

/// The watched tables of these settings, and the problems of dispatchers for which neither possible table is fit.
std::pair<std::vector<Watched>, std::vector<std::string>> watched_of(const config::Loaded& loaded) {
  std::vector<Watched> watched;
  std::vector<std::string> problems;
  for (auto settings : loaded.dispatchers) {
    // The table that the daemon would choose with this role's rights; otherwise one that this role may count.
    std::string unknown;
    try {
      if (!choose_table_now(settings, outbox_table::TableUse::drive).empty()) {
        for (auto& problem : choose_table_now(settings, outbox_table::TableUse::count))
          problems.push_back(std::move(problem));
      }
    } catch (const std::exception& error) {
      unknown = telemetry::log::redacted(error.what());
    }
    watched.emplace_back(settings).problem = unknown;
  }
  return {std::move(watched), std::move(problems)};
}

bool lacks_a_table(const StatusReport& report) {
  return std::ranges::any_of(report.dispatchers, [](const auto& status) { return !status.problem.empty(); });
}

void print(const StatusCommand& command, const StatusReport& report) {
  if (command.watch && !command.json) clear_terminal();
  std::cout << (command.json ? json_lines_of(report) : text_of(report, terminal_width())) << std::flush;
}

}  // namespace

CLI::App& StatusCommand::declare(CLI::App& program) {
  auto& app = declare_command(program, "status", "Show each dispatcher's state and backlog; no daemon needs to run");
  app.add_flag("--json", json, "Print JSON, a line for each dispatcher");
  app.add_flag("--watch", watch, "Repeat every two seconds until interrupted");
  app.footer(kStatusFooter);
  set_examples(app, {"outboxd status --watch", "outboxd status --json --dispatcher outbox"});
  return app;
}

std::string StatusCommand::complete(const SharedOptions& /*shared*/) {
  return {};
}

int StatusCommand::run(const SharedOptions& shared) const {
  constexpr config::Needs kNeeds{.signing = false};
  auto loaded = load_settings(shared, kNeeds);
  if (!loaded) return kCouldNotWork;
  auto [watched, without_table] = watched_of(*loaded);
  print_problems("status", without_table);
  for (;;) {
    const auto report = look_at(watched, *loaded);
    print(*this, report);
    // --watch also ends when the reader of its pipe is gone.
    if (!watch || !std::cout) return exit_status_of(report);
    std::this_thread::sleep_for(kRefresh);
    if (!lacks_a_table(report)) continue;
    // The password may have been changed, or the table created.
    if (auto now = load_again(shared, kNeeds); now.problems.empty()) *loaded = std::move(now);
    watched = watched_of(*loaded).first;
  }
}

}  // namespace outboxd::daemon
