// SPDX-License-Identifier: Apache-2.0
#include "daemon/commands/trace_command.hpp"

#include "daemon/commands/declare_command.hpp"
#include "daemon/commands/exit_status.hpp"
#include "daemon/commands/terminal_output.hpp"
#include "daemon/settings/load_settings.hpp"
#include "daemon/signatures/signing_keys.hpp"
#include "daemon/trace/render.hpp"
#include "outbox/utf8.hpp"
#include "telemetry/log.hpp"

#include <CLI/CLI.hpp>

#include <iostream>

namespace outboxd::daemon {
namespace {

constexpr const char* kTraceFooter =
    "ID is a row's id, in the table of any configured dispatcher, or a dedupe key. Shown are the row, its entries "
    "in\n"
    "the stream with the verdict on their signatures, how far each consumer group has come with them, and what\n"
    "happens next. The search begins a minute before the row's creation, by Redis' clock. Without a row, such as "
    "after\n"
    "it was pruned, the entry is searched in each --stream, or in all streams that the configuration names.\n"
    "Postgres and Redis are only read: SELECT on the table; +xrange, and +time +xinfo|stream +xinfo|groups "
    "+xpending,\n"
    "of which each that is missing hides a part (\"can't be known here\"), and fails nothing.";

}  // namespace

CLI::App& TraceCommand::declare(CLI::App& program) {
  auto& app = declare_command(program, "trace", "Tell one event's story: its row, its entries, who has read them");
  app.add_option("ID", options.id, "The row's id, or its dedupe key")->required();
  app.add_option("--stream", options.streams, "Search this stream as well; may be repeated")
      ->type_name("STREAM")
      ->allow_extra_args(false);
  app.add_option("--max-entries", options.max_entries, "Read at most so many entries of each stream [100000]")
      ->type_name("NUMBER");
  app.add_option("--key-file", options.key_files,
                 "A file with a key (hex) to check signatures with, instead of the configured one; may be repeated")
      ->type_name("FILE")
      ->allow_extra_args(false);
  app.add_flag("--payload", options.with_payload, "Print the row's payload as well");
  app.add_flag("--json", json, "Print JSON, one line");
  app.footer(kTraceFooter);
  set_examples(app, {"outboxd trace 0197f3a0-0000-7000-8000-000000000001",
                     "outboxd trace 0197f3a0-0000-7000-8000-000000000001 --stream caracal.policy.invalidate --json"});
  return app;
}

std::string TraceCommand::complete(const SharedOptions& /*shared*/) {
  if (options.id.empty()) return "ID is empty: give a row's id";
  if (!utf8::is_valid(options.id)) return "ID isn't UTF-8, so no row can have it";
  if (options.max_entries == 0) return "--max-entries is 0: allow at least one";
  for (const auto& stream : options.streams) {
    if (stream.empty()) return "--stream is empty: leave it out, or give it a name";
  }
  return {};
}

int TraceCommand::run(const SharedOptions& shared) const {
  const auto loaded = load_settings(shared, {.signing = false});
  if (!loaded) return kCouldNotWork;
  // Without any key, signatures are unknown; a key that was asked for has to be right.
  if (!options.key_files.empty()) {
    const auto keys = read_signing_keys(options.key_files, loaded->settings);
    if (!keys.problem.empty()) {
      telemetry::log::say("outboxd trace: " + telemetry::log::redacted(keys.problem));
      return kCouldNotWork;
    }
  }
  const auto facts = trace::read_event(*loaded, options);
  std::cout << (json ? trace::json_of(facts) : trace::text_of(facts, terminal_width())) << std::flush;
  return trace::exit_status_of(facts);
}

}  // namespace outboxd::daemon
