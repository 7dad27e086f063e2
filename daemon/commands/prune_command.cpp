// SPDX-License-Identifier: Apache-2.0
#include "daemon/commands/prune_command.hpp"

#include "config/units.hpp"
#include "daemon/commands/declare_command.hpp"
#include "daemon/commands/exit_status.hpp"
#include "daemon/settings/default_table.hpp"
#include "daemon/settings/load_settings.hpp"
#include "daemon/settings/options_from_settings.hpp"
#include "outbox/utf8.hpp"
#include "outbox_store/command_table.hpp"
#include "outbox_store/prune.hpp"
#include "system/stop_request.hpp"
#include "telemetry/redaction.hpp"

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
    "Rows that are pending or dead are never removed, and none at all while rows have been due for more than ten\n"
    "seconds. It takes the right DELETE on the table, with --dry-run only SELECT; it may run beside daemons.\n"
    "Exit status: 0 done; 1 some rows are left: it was interrupted, rows are overdue, or Postgres refuses to remove\n"
    "some; 2 could not work at all.";

constexpr std::size_t kLongestId = 200;

struct Removed {
  std::uint64_t rows = 0;
  std::uint64_t refused = 0;
  /// Of the last step.
  State state = State::goes_on;
};

/// Blocks until no further row is old enough, or the user interrupts it.
Removed prune(const config::Settings& settings, std::chrono::milliseconds age, PruneMode mode) {
  CommandTable table{row_store_options(settings, ""),
                     mode == PruneMode::count ? CommandTable::Access::read : CommandTable::Access::write};
  PrunePass pass;
  Removed removed;
  const system::StopRequest stop;
  bool stops = false;
  while (removed.state == State::goes_on && !stops) {
    const auto began = std::chrono::steady_clock::now();
    dispatch::PruneStep step;
    table.use([&](postgres::Statements& statements, const outbox_table::Layout& layout) {
      if (layout.prune.empty()) {
        throw std::runtime_error("layout " + settings.dispatcher.layout +
                                 " has no column published_at, so it is not known how old a published row is");
      }
      step = outbox_store::prune_step(statements, layout, pass, age, mode);
    });
    removed.rows += step.rows;
    removed.refused += step.refused.size();
    removed.state = step.state;
    for (const auto& row : step.refused) {
      std::cerr << "outboxd prune: row " << utf8::shortened(row.id, kLongestId)
                << " can't be removed: " << telemetry::log::redacted(row.reason) << "\n";
    }
    // Half of the time is left to others.
    const auto took = std::chrono::ceil<std::chrono::milliseconds>(std::chrono::steady_clock::now() - began);
    stops = stop.wait(mode == PruneMode::remove ? took : std::chrono::milliseconds{0});
  }
  return removed;
}

/// Prints the result, and returns the exit status.
int report(const config::Settings& settings, std::chrono::milliseconds age, PruneMode mode, const Removed& removed) {
  const auto& table = settings.dispatcher.table;
  std::cout << settings.dispatcher.name << ": " << (mode == PruneMode::count ? "would remove " : "removed ")
            << removed.rows << " row(s) of " << table << " that were published more than "
            << config::show_duration(age.count()) << " ago\n";
  if (removed.state == State::forbidden) {
    throw std::runtime_error("this role may not remove rows of table " + table + ": GRANT DELETE ON it to the role");
  }
  if (removed.state == State::overdue) {
    std::cerr << "outboxd prune: rows of " << table
              << " have been due for more than ten seconds, so no old ones are removed: see outboxd status\n";
  }
  if (removed.state == State::goes_on) std::cerr << "outboxd prune: interrupted; run it again to go on\n";
  if (removed.refused > 0) {
    std::cerr << "outboxd prune: Postgres refuses to remove " << removed.refused << " row(s) of " << table << "\n";
  }
  return removed.state == State::complete && removed.refused == 0 ? kDone : kIncomplete;
}

}  // namespace

CLI::App& PruneCommand::declare(CLI::App& program) {
  auto& app = declare_command(program, "prune", "Remove old published rows from the outbox table");
  app.add_option("--older-than", older_than, "Rows published longer ago than this [dispatcher.retention]")
      ->type_name("DURATION");
  app.add_flag("--dry-run", dry_run, "Only count them");
  app.footer(kPruneFooter);
  set_examples(app, {"outboxd prune --older-than 7d --dry-run", "outboxd prune --older-than 7d"});
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
  const auto mode = dry_run ? PruneMode::count : PruneMode::remove;
  int status = kDone;
  for (auto& settings : loaded->dispatchers) {
    try {
      const auto age = age_.count() > 0 ? age_ : settings.dispatcher.retention;
      if (age.count() == 0) throw std::runtime_error("how old? Give --older-than, or set dispatcher.retention");
      choose_table_now(settings, outbox_table::TableUse::count);
      status = std::max(status, report(settings, age, mode, prune(settings, age, mode)));
    } catch (const std::exception& error) {
      std::cerr << "outboxd prune: " << settings.dispatcher.name << ": " << telemetry::log::redacted(error.what())
                << "\n";
      status = kCouldNotWork;
    }
  }
  return status;
}

}  // namespace outboxd::daemon
