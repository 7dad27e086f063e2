// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/loader.hpp"
#include "outbox_store/row_store_options.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace outboxd::daemon {

/// The dispatchers with the tables that they use.
struct DeadTables {
  /// Two dispatchers that see the same rows of one table count once.
  std::vector<config::Settings> known{};
  /// How many dispatchers have a table that could not be found out.
  std::size_t unknown = 0;
};

/// Prints problems with the choice of a table. `command`: "list" and the like.
[[nodiscard]] DeadTables dead_tables_of(const config::Loaded& loaded, const std::string& command);

/// The options for such a table.
[[nodiscard]] outbox_store::RowStoreOptions dead_table_options(const config::Settings& settings);

/// Prints an error of a command of the group `dead` to standard error, without secrets.
void print_dead_error(const std::string& command, const std::string& error);

}  // namespace outboxd::daemon
