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

// The default table is event_outbox for both profiles. But the Coordinator's own role may only use caracal_outbox. So
// if the settings choose no table, the role's rights in the database decide.

/// The settings with the table of their profile instead of the default one. Empty if both are the same table, or if
/// the settings choose a table or layout.
[[nodiscard]] std::optional<config::Settings> with_profile_table(const config::Settings& settings);

/// The name of the table in messages; both names if the database decides.
[[nodiscard]] std::string shown_table(const config::Settings& settings);

/// The chosen table.
struct TableChoice {
  /// True: the profile's table; false: the one in the settings.
  bool is_profile_table = false;
  /// A note for the operator; may be empty.
  std::string note;
  /// Why neither table can be used; otherwise empty.
  std::vector<std::string> problems;
};

/// Inspects both tables, if there are two to choose from, and chooses the default one if it is fit for this use.
/// `could_not_connect`: see SessionOptions::could_not_open.
[[nodiscard]] dispatch::Awaitable<dispatch::StoreResult<TableChoice>> choose_table(
    config::Settings settings, outbox_table::TableUse use, std::function<void()> could_not_connect);

/// The same for a command, but writes the choice into the settings. Returns the problems if neither table is fit.
/// Throws std::runtime_error if that can't be found out, for instance because Postgres is unreachable: the next
/// connection may work, and the default table is then perhaps the wrong one. Blocks.
std::vector<std::string> choose_table_now(config::Settings& settings, outbox_table::TableUse use);

/// Prints the problems to standard error, a line each.
void print_problems(const std::string& command, const std::vector<std::string>& problems);

}  // namespace outboxd::daemon
