// SPDX-License-Identifier: Apache-2.0
#include "daemon/commands.hpp"
#include "daemon/exit_status.hpp"
#include "daemon/load_settings.hpp"
#include "daemon/usual_table.hpp"
#include "enqueue/enqueue.hpp"
#include "enqueue/enqueue_payload.hpp"
#include "postgres/conninfo.hpp"
#include "postgres/pqxx_compat.hpp"
#include "telemetry/redaction.hpp"

#include <iostream>
#include <stdexcept>

namespace outboxd::daemon {
namespace {

std::vector<postgres::Event> events_of(const CommandLine& line) {
  if (line.assignments.empty()) return postgres::read_json_lines(std::cin, line.stream);
  return {{line.stream, postgres::payload_from_arguments(line.assignments), {}}};
}

void enqueue(const CommandLine& line, const config::Settings& settings) {
  if (settings.dispatcher.layout != "event_outbox") {
    throw std::invalid_argument("dispatcher " + settings.dispatcher.name + " has layout " +
                                settings.dispatcher.layout +
                                ", and rows are inserted into tables of layout event_outbox alone; name a dispatcher "
                                "that has one (--dispatcher)");
  }
  const auto events = events_of(line);
  const auto& options = settings.postgres;
  const auto connection = postgres::open_connection(
      postgres::complete_conninfo(options.url, options.connect_timeout, options.statement_timeout));
  for (const auto& id : postgres::insert_events(*connection, settings.dispatcher.table, events)) {
    std::cout << id << "\n";
  }
}

}  // namespace

int enqueue_command(const CommandLine& line) {
  auto loaded = load_settings(line.shared, {.postgres = true, .signing = false});
  if (!loaded) return kCouldNotWork;
  try {
    choose_table_now(loaded->dispatchers.front(), postgres::TableUse::drive);
    enqueue(line, loaded->dispatchers.front());
    return kDone;
  } catch (const std::exception& error) {
    std::cerr << "outboxd enqueue: " << telemetry::log::redacted(error.what()) << "\n";
    return kCouldNotWork;
  }
}

}  // namespace outboxd::daemon
