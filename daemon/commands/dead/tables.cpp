// SPDX-License-Identifier: Apache-2.0
#include "daemon/commands/dead/tables.hpp"

#include "daemon/settings/default_table.hpp"
#include "daemon/settings/options_from_settings.hpp"
#include "telemetry/escape.hpp"
#include "telemetry/log.hpp"
#include "telemetry/redaction.hpp"

#include <algorithm>
#include <exception>
#include <utility>

namespace outboxd::daemon {
namespace {

bool see_the_same_rows(const config::Settings& one, const config::Settings& other) {
  const auto& a = one.dispatcher;
  const auto& b = other.dispatcher;
  return one.postgres.url == other.postgres.url && a.table == b.table && a.layout == b.layout &&
         a.columns == b.columns && a.states == b.states && a.producer == b.producer && a.streams == b.streams &&
         a.exclude_streams == b.exclude_streams;
}

}  // namespace

DeadTables dead_tables_of(const config::Loaded& loaded, const std::string& command) {
  DeadTables tables;
  for (auto settings : loaded.dispatchers) {
    // The table that the daemon would choose with this role's rights; otherwise one that this role may read.
    try {
      if (!choose_table_now(settings, outbox_table::TableUse::drive).empty()) {
        print_problems("dead " + command, choose_table_now(settings, outbox_table::TableUse::count));
      }
    } catch (const std::exception& error) {
      ++tables.unknown;
      print_dead_error(command, settings.dispatcher.name + ": " + error.what());
      continue;
    }
    const auto is_same = [&settings](const auto& other) { return see_the_same_rows(settings, other); };
    if (std::ranges::none_of(tables.known, is_same)) tables.known.push_back(std::move(settings));
  }
  return tables;
}

outbox_store::RowStoreOptions dead_table_options(const config::Settings& settings) {
  return row_store_options(settings, "");
}

void print_dead_error(const std::string& command, const std::string& error) {
  std::string line;
  telemetry::append_printable(line, telemetry::log::redacted("outboxd dead " + command + ": " + error));
  telemetry::log::say(line);
}

}  // namespace outboxd::daemon
