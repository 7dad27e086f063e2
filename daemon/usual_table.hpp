// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/settings.hpp"
#include "dispatch/ports.hpp"
#include "outbox_table/inspect.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace outboxd::daemon {

// The default table is event_outbox, for both profiles. The Coordinator's own role may only use caracal_outbox: where
// nobody has chosen a table, the database decides.

/// The settings with the table that is usual for their profile instead of the default one. Nothing where it is the
/// same one, or a table or layout was chosen.
[[nodiscard]] std::optional<config::Settings> with_usual_table(const config::Settings& settings);

/// The table that these settings lead to, for people: both, where the database decides.
[[nodiscard]] std::string shown_table(const config::Settings& settings);

/// Which of the two tables it is to be.
struct TableChoice {
  /// The usual one; else the one in the settings.
  bool is_usual = false;
  /// What an operator should know of it; may be empty.
  std::string note;
  /// Neither can be driven, and why; else empty.
  std::vector<std::string> problems;
};

/// Looks at both tables, where there are two to choose from. The default one is taken wherever it is fit for this
/// use. `could_not_connect`: as SessionOptions' could_not_open.
[[nodiscard]] dispatch::Awaitable<dispatch::StoreResult<TableChoice>> choose_table(
    config::Settings settings, outbox_table::TableUse use, std::function<void()> could_not_connect);

/// The same for a command: puts the choice into the settings. Why there is none, where neither table is fit; where
/// Postgres can't be asked nothing is changed or said. Blocks.
std::vector<std::string> choose_table_now(config::Settings& settings, outbox_table::TableUse use);

/// On standard error, for people.
void print_problems(const std::string& command, const std::vector<std::string>& problems);

}  // namespace outboxd::daemon
