// SPDX-License-Identifier: Apache-2.0
#include "daemon/commands/enqueue_command.hpp"

#include "daemon/commands/declare_command.hpp"
#include "daemon/commands/exit_status.hpp"
#include "daemon/settings/default_table.hpp"
#include "daemon/settings/load_settings.hpp"
#include "enqueue/enqueue.hpp"
#include "enqueue/enqueue_payload.hpp"
#include "postgres/conninfo.hpp"
#include "postgres/pqxx_compat.hpp"
#include "telemetry/redaction.hpp"

#include <CLI/CLI.hpp>

#include <iostream>
#include <stdexcept>

namespace outboxd::daemon {
namespace {

std::vector<enqueue::Event> events_of(const EnqueueCommand& command) {
  if (command.assignments.empty()) return enqueue::read_json_lines(std::cin, command.stream);
  return {{command.stream, enqueue::payload_from_arguments(command.assignments), {}}};
}

void enqueue(const EnqueueCommand& command, const config::Settings& settings) {
  if (settings.dispatcher.layout != "event_outbox") {
    throw std::invalid_argument("dispatcher " + settings.dispatcher.name + " has layout " +
                                settings.dispatcher.layout +
                                ", and rows are inserted into tables of layout event_outbox alone; name a dispatcher "
                                "that has one (--dispatcher)");
  }
  const auto events = events_of(command);
  const auto& options = settings.postgres;
  const auto connection = postgres::open_connection(
      postgres::complete_conninfo(options.url, options.connect_timeout, options.statement_timeout));
  for (const auto& id : enqueue::insert_events(*connection, settings.dispatcher.table, events)) {
    std::cout << id << "\n";
  }
}

}  // namespace

CLI::App& EnqueueCommand::declare(CLI::App& program) {
  auto& app = declare_command(program, "enqueue", "Insert rows for a trial, and print their ids");
  app.add_option("STREAM", stream, "The Redis stream the rows are for")->required();
  app.add_option("FIELD", assignments,
                 "key=value (text) or key:=json; without any: JSON objects on standard input, one a line");
  set_examples(app, {"outboxd enqueue caracal.keys.invalidate kid=k-1 rotated:=true",
                     "outboxd enqueue caracal.keys.invalidate < payloads.jsonl  # a row for each line"});
  return app;
}

std::string EnqueueCommand::complete(const SharedOptions& shared) {
  return shared.dispatchers.size() > 1 ? "--dispatcher goes with `outboxd enqueue` once" : "";
}

int EnqueueCommand::run(const SharedOptions& shared) const {
  auto loaded = load_settings(shared, {.postgres = true, .signing = false});
  if (!loaded) return kCouldNotWork;
  try {
    choose_table_now(loaded->dispatchers.front(), outbox_table::TableUse::drive);
    enqueue(*this, loaded->dispatchers.front());
    return kDone;
  } catch (const std::exception& error) {
    std::cerr << "outboxd enqueue: " << telemetry::log::redacted(error.what()) << "\n";
    return kCouldNotWork;
  }
}

}  // namespace outboxd::daemon
