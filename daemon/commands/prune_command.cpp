// SPDX-License-Identifier: Apache-2.0
#include "daemon/commands/prune_command.hpp"

#include "config/units.hpp"
#include "daemon/commands/declare_command.hpp"
#include "daemon/commands/exit_status.hpp"
#include "daemon/commands/prune_report.hpp"
#include "daemon/settings/default_table.hpp"
#include "daemon/settings/load_settings.hpp"
#include "daemon/settings/options_from_settings.hpp"
#include "outbox/utf8.hpp"
#include "outbox_store/command_table.hpp"
#include "outbox_store/prune.hpp"
#include "system/stop_request.hpp"
#include "telemetry/escape.hpp"
#include "telemetry/log.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdint>
#include <iostream>
#include <stdexcept>

namespace outboxd::daemon {
namespace {

using outbox_store::CommandTable;
using outbox_store::PruneMode;
using State = dispatch::PruneStep::State;

constexpr const char* kPruneFooter =
    "Rows that are pending or dead are never removed, and none at all while rows are overdue: due for more than ten\n"
    "seconds (or two poll intervals), and left alone from one look to the next. It takes the rights UPDATE and "
    "DELETE on the table, with --dry-run only SELECT; it may run beside "
    "daemons.";

// Rows that are named.
constexpr std::uint64_t kMostNamed = 10;
constexpr std::size_t kLongestId = 200;
// To see whether rows are overdue.
constexpr std::chrono::milliseconds kBetweenOverdueLooks{500};

/// How far it came with one table.
struct Removed {
  std::uint64_t rows = 0;
  /// Old rows that were locked, changed meanwhile, or kept by a trigger.
  std::uint64_t kept = 0;
  std::uint64_t refused = 0;
  /// Of the last step.
  State state = State::goes_on;
  /// Why it ended early; empty: it did not, or was interrupted.
  std::string failure{};
};

void say(const std::string& text) {
  std::string line = "outboxd prune: ";
  telemetry::append_printable(line, telemetry::log::redacted(text));
  telemetry::log::say(line);
}

void name_refused(const dispatch::PruneStep& step, std::uint64_t named) {
  for (const auto& row : step.refused) {
    if (named++ >= kMostNamed) return;
    say("row " + std::string{utf8::shortened(row.id, kLongestId)} + " can't be removed: " + row.reason);
  }
}

/// Blocks until no further row is old enough, it fails, or the user interrupts it.
Removed prune(const config::Settings& settings, std::chrono::milliseconds age, PruneMode mode) {
  CommandTable table{row_store_options(settings, ""),
                     mode == PruneMode::count ? CommandTable::Access::read : CommandTable::Access::write};
  PrunePass pass{PrunePass::Reach::whole};
  OverdueRows overdue{settings.dispatcher.poll_interval};
  Removed removed;
  const system::StopRequest stop;
  bool stops = false;
  bool has_said = false;
  while ((removed.state == State::goes_on || removed.state == State::unknown) && removed.failure.empty() && !stops) {
    const auto began = std::chrono::steady_clock::now();
    dispatch::PruneStep step;
    try {
      table.use([&](postgres::Statements& statements, const outbox_table::Layout& layout) {
        if (layout.prune.empty()) {
          throw std::runtime_error("layout " + settings.dispatcher.layout +
                                   " has no column published_at, so it is not known how old a published row is");
        }
        step = outbox_store::prune_step(statements, layout, pass, overdue, age, mode);
      });
    } catch (const std::exception& error) {
      removed.failure = error.what();
    }
    name_refused(step, removed.refused);
    removed.rows += step.rows;
    removed.kept += step.kept;
    removed.refused += step.refused.size();
    removed.state = step.state;
    if (removed.state == State::unknown && !has_said) {
      has_said = true;
      say("dispatcher " + settings.dispatcher.name + ": rows of " + settings.dispatcher.table +
          " have been due for more than " + config::show_duration(overdue.due_for().count()) + "; waiting up to " +
          config::show_duration(overdue.seen_for().count()) +
          " to see whether they are overdue: while rows are, nothing is removed");
    }
    // Half of the time is left to others.
    const auto took = std::chrono::ceil<std::chrono::milliseconds>(std::chrono::steady_clock::now() - began);
    const auto rest = removed.state == State::unknown ? kBetweenOverdueLooks : took;
    stops = stop.wait(mode == PruneMode::remove ? rest : std::chrono::milliseconds{0});
  }
  return removed;
}

/// Why old rows are left, if some are.
std::string why_incomplete(const Removed& removed) {
  if (!removed.failure.empty()) return removed.failure;
  switch (removed.state) {
    case State::forbidden:
      return "this role may not remove rows: GRANT UPDATE, DELETE ON the table to it";
    case State::overdue:
      return "rows are overdue, so no old ones are removed: see outboxd status";
    case State::goes_on:
    case State::unknown:
    case State::elsewhere:
      return "interrupted; run it again to go on";
    case State::refused:
      return "Postgres refuses to remove any row";
    case State::complete:
      break;
  }
  if (removed.refused > 0) return "Postgres refuses to remove " + std::to_string(removed.refused) + " row(s)";
  if (removed.kept > 0) {
    return std::to_string(removed.kept) + " old row(s) are locked, were changed meanwhile, or are kept by a trigger";
  }
  return {};
}

/// Prints how far it came, and returns the exit status.
int report(const PruneReport& report, const Removed& removed, bool json) {
  if (!report.problem.empty()) say("table " + report.table + ": " + report.problem);
  const bool did_nothing = removed.rows == 0 && (!removed.failure.empty() || removed.state == State::forbidden);
  if (json) {
    std::cout << json_of(report) << std::flush;
  } else if (!did_nothing) {
    std::cout << text_of(report) << std::flush;
  }
  if (did_nothing) return kCouldNotWork;
  return report.problem.empty() ? kDone : kIncomplete;
}

int prune_table(const PruneCommand& command, config::Settings settings, std::chrono::milliseconds age) {
  if (age.count() == 0) {
    say("dispatcher " + settings.dispatcher.name + ": how old? Give --older-than, or set dispatcher.retention");
    return kCouldNotWork;
  }
  // The table that the daemon would choose with this role's rights; otherwise one that this role may read.
  if (!choose_table_now(settings, outbox_table::TableUse::drive).empty()) {
    const auto problems = choose_table_now(settings, outbox_table::TableUse::count);
    print_problems("prune", problems);
    if (!problems.empty()) return kCouldNotWork;
  }
  const auto removed = prune(settings, age, command.dry_run ? PruneMode::count : PruneMode::remove);
  return report({.dispatcher = settings.dispatcher.name,
                 .table = settings.dispatcher.table,
                 .dry_run = command.dry_run,
                 .older_than = age,
                 .rows = removed.rows,
                 .kept = removed.kept,
                 .refused = removed.refused,
                 .problem = why_incomplete(removed)},
                removed, command.json);
}

}  // namespace

CLI::App& PruneCommand::declare(CLI::App& program) {
  auto& app = declare_command(program, "prune", "Remove old published rows from the outbox table");
  app.add_option("--older-than", older_than, "Rows published longer ago than this [dispatcher.retention]")
      ->type_name("DURATION");
  app.add_flag("--dry-run", dry_run, "Only count them");
  app.add_flag("--json", json, "Print JSON, a line for each dispatcher");
  app.footer(kPruneFooter);
  set_examples(app, {"outboxd prune --older-than 7d --dry-run", "outboxd prune --older-than 7d --json"});
  return app;
}

std::string PruneCommand::complete(const SharedOptions& /*shared*/) {
  if (older_than.empty()) return {};
  const auto parsed = config::parse_duration(older_than);
  if (!parsed.value) return "--older-than = \"" + older_than + "\": " + parsed.problem;
  constexpr std::chrono::minutes kShortest{1};
  age_ = std::chrono::milliseconds{*parsed.value};
  return age_ < kShortest ? "--older-than = \"" + older_than + "\": must be at least 1m" : "";
}

int PruneCommand::run(const SharedOptions& shared) const {
  auto loaded = load_settings(shared, {.signing = false});
  if (!loaded) return kCouldNotWork;
  std::size_t useless = 0;
  int status = kDone;
  for (const auto& settings : loaded->dispatchers) {
    const auto result = prune_table(*this, settings, age_.count() > 0 ? age_ : settings.dispatcher.retention);
    if (result == kCouldNotWork) ++useless;
    status = std::max<int>(status, result == kDone ? kDone : kIncomplete);
  }
  return useless == loaded->dispatchers.size() ? kCouldNotWork : status;
}

}  // namespace outboxd::daemon
