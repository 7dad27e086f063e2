// SPDX-License-Identifier: Apache-2.0
#include "daemon/commands/streams/check_signatures_command.hpp"

#include "config/text.hpp"
#include "daemon/commands/declare_command.hpp"
#include "daemon/commands/exit_status.hpp"
#include "daemon/commands/streams/streams_group.hpp"
#include "daemon/settings/load_settings.hpp"
#include "daemon/settings/options_from_settings.hpp"
#include "daemon/signatures/signing_keys.hpp"
#include "system/stop_request.hpp"
#include "telemetry/log.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <exception>
#include <tuple>
#include <utility>

namespace outboxd::daemon {
namespace {

constexpr const char* kSignaturesFooter =
    "Prints a line for each entry that is not well signed, with the reason where it can be told, then the counts.\n"
    "Values of fields are never printed. Redis is only read: +xrange, +exists; with --unread also +xinfo|groups\n"
    "+xpending.";

StreamReaderOptions reader_options(const config::Settings& settings, const std::string& stream) {
  StreamReaderOptions options{.endpoint = redis_endpoint(settings),
                              .connect_timeout = settings.redis.connect_timeout,
                              .timeout = settings.redis.timeout,
                              .stream = stream};
  // An entry is about as large as its payload.
  options.most_bytes = std::max<std::size_t>(options.most_bytes, 2 * settings.dispatcher.max_payload_bytes);
  return options;
}

int fail(const std::string& reason) {
  telemetry::log::say("outboxd streams check-signatures: " + telemetry::log::redacted(reason));
  return kCouldNotWork;
}

int check(const CheckSignaturesCommand& command, const config::Loaded& loaded, SigningKeys keys) {
  const auto& settings = loaded.dispatchers.front();
  SignatureReport report{.stream = command.stream, .server = redis_endpoint(settings).shown, .keys = keys.names};
  Judge judge{{.stream = command.stream,
               .other_streams = known_streams(loaded.dispatchers, command.other_streams),
               .needs_sig2 = command.strict},
              std::move(keys.verifiers)};
  StreamReader reader{reader_options(settings, command.stream)};
  const system::StopRequest stop;
  return check_entries(command.plan, reader, judge, report, [&stop](auto time) { return stop.wait(time); });
}

}  // namespace

CLI::App& CheckSignaturesCommand::declare(CLI::App& program) {
  auto& app =
      declare_command(streams_group(program), "check-signatures", "Check the signatures of a stream's entries");
  app.add_option("STREAM", stream, "The Redis stream")->required();
  app.add_option("--key-file", key_files,
                 "A file that holds a key as hex; may be repeated. Without it the configured key is used")
      ->type_name("FILE")
      ->allow_extra_args(false);
  app.add_option("--from", from, "The first entry: an entry id, or a time such as 2026-01-31T12:00:00Z")
      ->type_name("ID");
  app.add_option("--to", to, "The last entry, likewise")->type_name("ID");
  app.add_option("--count", count, "At most so many entries")->type_name("NUMBER");
  app.add_flag("--follow", follow, "Go on with entries that are added later, until interrupted");
  app.add_option("--unread", unread_of,
                 "Only what this consumer group has not acknowledged: entries that it has not read, and pending ones")
      ->type_name("GROUP");
  app.add_option("--other-stream", other_streams,
                 "A stream that wrongly signed entries may have been copied from, beside the configured ones; may be "
                 "repeated")
      ->type_name("STREAM")
      ->allow_extra_args(false);
  app.add_flag("--strict", strict, "Entries without a right _sig2 are wrong, too (signing.strict)");
  app.add_option("--list", list, "List at most so many entries that are not well signed [100]")->type_name("NUMBER");
  app.add_flag("--json", json, "Print JSON: a line for each entry that is not well signed, then one with the counts");
  app.footer(kSignaturesFooter);
  set_examples(app,
               {"outboxd streams check-signatures caracal.policy.invalidate --from 2026-01-31T12:00:00Z",
                "outboxd streams check-signatures caracal.policy.invalidate --follow --json",
                "outboxd streams check-signatures caracal.policy.invalidate --unread opa-engine --key-file new.key "
                "--key-file old.key  # is the old key still needed?"});
  return app;
}

std::string CheckSignaturesCommand::complete(const SharedOptions& shared) {
  if (shared.dispatchers.size() > 1) return "--dispatcher goes with `outboxd streams check-signatures` once";
  if (!unread_of.empty() && (follow || count || !from.empty() || !to.empty())) {
    // Of a part it can't be said that a key is no longer needed.
    return "--unread goes without --count, --from, --to and --follow";
  }
  if (follow && !to.empty()) return "--follow goes without --to";
  for (const auto& [name, text, into] :
       {std::tuple{"--from", &from, &plan.range.from}, std::tuple{"--to", &to, &plan.range.to}}) {
    if (text->empty()) continue;
    const auto end = range_end(*text, into == &plan.range.to);
    if (!end) {
      return std::string{name} + " " + config::echoed(*text) +
             " is neither an entry id, such as 1790000000123-0, nor a time in UTC, such as 2026-01-31T12:00:00Z";
    }
    *into = *end;
  }
  if (count) plan.range.count = *count;
  plan.follows = follow;
  if (!unread_of.empty()) plan.unread_of = unread_of;
  plan.list = list;
  plan.json = json;
  return {};
}

int CheckSignaturesCommand::run(const SharedOptions& shared) const {
  const auto loaded = load_settings(shared, {.postgres = false, .signing = false});
  if (!loaded) return kCouldNotWork;
  auto keys = read_signing_keys(key_files, loaded->settings);
  if (!keys.problem.empty()) return fail(keys.problem);
  try {
    return check(*this, *loaded, std::move(keys));
  } catch (const std::exception& error) {
    return fail(error.what());
  }
}

}  // namespace outboxd::daemon
