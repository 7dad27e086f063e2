// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/loader.hpp"
#include "daemon/commands/shared_options.hpp"
#include "dead_rows/batches.hpp"
#include "dead_rows/filter.hpp"
#include "dead_rows/table.hpp"
#include "dead_rows/tally.hpp"
#include "system/stop_request.hpp"

#include <functional>
#include <optional>
#include <string>

namespace CLI {
class App;
}  // namespace CLI

namespace outboxd::daemon {

/// The options that `outboxd dead requeue` and `discard` have in common.
struct ChangeOptions {
  dead_rows::FilterWords filter{};
  bool dry_run = false;
  bool yes = false;
  bool json = false;
  std::string rate{};
  std::string reason{};

  void declare(CLI::App& app);
  [[nodiscard]] std::string problem() const;
};

/// A change of dead rows, apart from the change itself.
struct Change {
  /// "requeue" or "discard".
  std::string action;
  dead_rows::Use use{};
  /// Completes the report once the table is known.
  std::function<void(const dead_rows::Table&, dead_rows::Report&)> prepare{};
  /// The end of the question, after "Requeue 3 dead rows of … (…)"; may be empty.
  std::function<std::string(const dead_rows::Report&)> warning{};
  /// Changes the rows.
  std::function<void(const config::Settings&, dead_rows::Table&, const dead_rows::FilterParameters&,
                     const dead_rows::Steps&, dead_rows::Report&)>
      apply{};
};

/// Counts, asks, changes, logs who did it, and prints what became of it. Returns the exit status.
[[nodiscard]] int run_change(const SharedOptions& shared, const ChangeOptions& options, const Change& change);

/// For --help.
[[nodiscard]] std::string about_changes();

}  // namespace outboxd::daemon
